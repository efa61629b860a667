/* SPDX-License-Identifier: BSD-2-Clause
 *
 * HTML as a person would read it, enough for reports: no CSS, no scripts.
 */
#ifndef CLASSIFIER_TEXT_HTML_H
#define CLASSIFIER_TEXT_HTML_H

/* Tags dropped, blocks and <br> as line ends, table cells apart by a space,
 * entities decoded, script, style and head left out, white space collapsed; a
 * mailto link that shows no address is followed by " <address>".
 * Valid UTF-8 in, valid UTF-8 out. Heap. */
char *html_to_text(const char *html);

#endif
