/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Compact JSON (RFC 8259), written straight into a string: a document of the classifier is made for
 * each bounce, and a tree of it that is only printed would cost as much as reading the bounce. The
 * caller opens and closes objects and arrays in pairs; commas come by themselves.
 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stdbool.h>

#include <glib.h>

/* bracket: '{' or '['. name is written as it is; NULL: an element of an array, or the whole. */
void json_text_open(GString *out, const char *name, char bracket);
/* bracket: '}' or ']'. */
void json_text_close(GString *out, char bracket);

/* Bytes beyond ASCII are written as they are: what is not UTF-8 does not become JSON. */
void json_text_add(GString *out, const char *name, const char *value);
void json_text_add_flag(GString *out, const char *name, bool value);
void json_text_add_number(GString *out, const char *name, guint64 value);
/* NULL-terminated. */
void json_text_add_list(GString *out, const char *name, const char *const *values);

#endif
