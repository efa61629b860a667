/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading a file of "name = value" lines into a struct, by a table with one row
 * a key. Grammar: a line that begins with '#', or is blank, is nothing; white
 * space around name and value is dropped; a key stands at most once; an unknown
 * key is an error.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum config_type {
	CONFIG_TEXT,    /* char *, heap */
	CONFIG_INTEGER, /* long */
	CONFIG_OCTAL,   /* long, written as octal digits: file modes */
};

struct config_key {
	const char *name;
	enum config_type type;
	size_t offset;             /* of the field in the caller's struct */
	const char *default_value; /* as it would stand in the file; NULL: must be set */
	long minimum, maximum;     /* CONFIG_INTEGER, CONFIG_OCTAL */
	const char *allowed;       /* CONFIG_TEXT: words separated by '|', NULL for any text */
	const char *help;
};

/* Fills the struct at base: the file's values, the defaults for the rest.
 * False with BM_ERROR_CONFIG naming file, line and key; text fields set so far
 * are then freed by config_clear. */
bool config_read(const char *path, const struct config_key *keys, size_t count, void *base,
		 GError **error) __attribute__((warn_unused_result));
/* Frees the text fields and sets them to NULL. */
void config_clear(const struct config_key *keys, size_t count, void *base);

#endif
