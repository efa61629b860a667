/* SPDX-License-Identifier: BSD-2-Clause
 *
 * JSON as commands print it: members of the builder's object, and rows of an answer, typed
 * as its columns are. Text that is not UTF-8 is made so.
 */
#ifndef CTL_FRAMEWORK_JSON_H
#define CTL_FRAMEWORK_JSON_H

#include <stdbool.h>

#include <json-glib/json-glib.h>

#include "db/rows.h"

/* A value NULL is null. */
void ctl_json_string(JsonBuilder *builder, const char *name, const char *value);
void ctl_json_integer(JsonBuilder *builder, const char *name, gint64 value);
void ctl_json_boolean(JsonBuilder *builder, const char *name, bool value);
/* Strings, char *. */
void ctl_json_strings(JsonBuilder *builder, const char *name, const GPtrArray *values);
/* The first row; null where there is none. */
void ctl_json_row(JsonBuilder *builder, const char *name, const struct db_rows *rows);
/* All rows as an array; rows NULL: an empty one. */
void ctl_json_rows(JsonBuilder *builder, const char *name, const struct db_rows *rows);

/* Closes the object, and appends it as one line. */
void ctl_json_append(JsonBuilder *builder, GString *out);
/* Every row as an object in a line of its own. */
void ctl_json_append_lines(const struct db_rows *rows, GString *out);

/* With an object begun. Free with g_object_unref. */
JsonBuilder *ctl_json_new(void);

#endif
