/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Text that a stranger may have written, made safe to be shown: on a terminal, in JSON, on a page.
 */
#ifndef BASE_PRINTABLE_TEXT_H
#define BASE_PRINTABLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

/* Not Unicode's Cc, Cf, Zl, Zp or unassigned: escapes, direction marks, line separators. */
bool printable_text_has(gunichar c);

/* Whether line ends survive cleaning. */
enum printable_text_lines { PRINTABLE_TEXT_ONE_LINE, PRINTABLE_TEXT_KEEP_LINES };

/* Text that is safe on a terminal: valid UTF-8 (or ASCII) without control or
 * direction characters. Heap. */
char *printable_text_clean(const char *text, bool utf8, enum printable_text_lines lines);
/* One clean line of at most that many characters, with "..." behind it where that is not
 * all. Heap. */
char *printable_text_excerpt(const char *text, size_t characters);

/* Appends JSON of which nothing can act on a terminal: C1 controls, direction marks and line
 * separators are written as \u. Its values are the same. */
void printable_text_append_json(GString *out, const char *json);

#endif
