/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Brings the words of a mail system into one form, so that patterns need not
 * care how they were wrapped, continued, quoted or which addresses they name.
 */
#ifndef CLASSIFIER_TEXT_FOLD_H
#define CLASSIFIER_TEXT_FOLD_H

/* A copy of the UTF-8 text in which
 *  - every run of white space and control characters is one blank, none at the ends; a line feed
 *    where a sentence and its paragraph end, which the gaps of a pattern do not cross,
 *  - typographic quotes and dashes are ASCII,
 *  - every mail address is "<@>", so that no address is taken for a word,
 *    and one at the domain of a sender, or that domain alone, is "<sender>", as is what is "at
 *    your.domain",
 *  - the code before each line of a multi-line reply (RFC 5321 section 4.2.1)
 *    is kept only once: "550-5.1.1 No\n550 5.1.1 user" is "550 5.1.1 No user",
 *  - a host before its address, "mx.example.net[192.0.2.1]", is "<host>[192.0.2.1]",
 *  - a dash in the path of a URL is an underscore: ".../no-such-user" says nothing,
 *  - every "host NAME said: " is gone, and a line feed in its place where words come before it.
 * Linear in the length. senders
 * is NULL-terminated and short, NULL for none. Free with g_free. */
char *fold_text(const char *text, const char *const *senders);

#endif
