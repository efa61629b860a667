/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Text from strangers made safe: always valid UTF-8 without NUL.
 */
#ifndef CLASSIFIER_TEXT_TEXT_H
#define CLASSIFIER_TEXT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "classifier/text/slice.h"

/* Once, before any thread: keeps the converters of the common charsets loaded. The C
 * library drops one that nobody has open, and to load it again takes longer than to
 * read the mail. */
void text_init(void);

/* Converts from the named charset ("" or unknown: UTF-8 if it is, else
 * ISO-2022-JP if it has its escapes, else windows-1252). Line ends LF, other
 * control characters but TAB become spaces; at most max bytes. Heap. */
char *text_from_charset(const char *bytes, size_t len, const char *charset, size_t max);

/* The bytes read the same in that charset and in ASCII: printable ASCII, LF and TAB only. */
bool text_is_ascii(const char *bytes, size_t len, const char *charset);

/* Whether a Content-Type may name a charset in which ASCII bytes are other characters. */
bool text_names_wide_charset(struct slice text);

/* Takes the next line off *rest, without its end, which is CRLF, LF or CR: some take a bare CR for
 * one, too. False at the end of all. */
bool text_next_line(struct slice *rest, struct slice *line_out);

/* Valid UTF-8 of at most max bytes, control characters but TAB and LF as spaces. Heap. */
char *text_clean(const char *bytes, size_t len, size_t max);

/* len, or less if that is more than max: never in the middle of a character. */
size_t text_cut_length(const char *bytes, size_t len, size_t max);

/* Lower case, of those letters whose length in bytes is the same in either case: all places
 * in the text stay what they are. Valid UTF-8 only. Returns text. */
char *text_lower_in_place(char *text);

/* Lower case. Heap. */
char *text_lower(const char *text);

/* White space of any kind, runs of it, become one space; trimmed. Heap. */
char *text_one_line(const char *text, size_t len);

#endif
