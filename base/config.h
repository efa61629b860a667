/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reads a file of "name = value" lines into structs, by tables with one row per key.
 * Grammar: blank lines and lines that begin with '#' are skipped; white space around
 * name and value is dropped; a key may be set once; an unknown key is an error.
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
	size_t offset;             /* of the field in the section's struct */
	const char *default_value; /* as it would be written in the file; NULL: must be set */
	long minimum, maximum;     /* CONFIG_TEXT: minimum 1 refuses the empty text */
	const char *allowed;       /* CONFIG_TEXT: words separated by '|', NULL for any text */
	const char *help;
};

/* Rows of a table: the key has the name of the field of struct s. */
#define CONFIG_TEXT_KEY(s, key, preset, words, text)                                               \
	{                                                                                          \
		.name = #key, .type = CONFIG_TEXT, .offset = offsetof(struct s, key),              \
		.default_value = preset, .allowed = words, .help = text                            \
	}
#define CONFIG_NAME_KEY(s, key, preset, text)                                                      \
	{                                                                                          \
		.name = #key, .type = CONFIG_TEXT, .offset = offsetof(struct s, key),              \
		.default_value = preset, .minimum = 1, .help = text                                \
	}
#define CONFIG_NUMBER_KEY(s, key, kind, preset, low, high, text)                                   \
	{                                                                                          \
		.name = #key, .type = kind, .offset = offsetof(struct s, key),                     \
		.default_value = preset, .minimum = low, .maximum = high, .help = text             \
	}

/* The keys that fill one struct. */
struct config_section {
	const struct config_key *keys; /* NULL behind the last of a file's sections */
	size_t count;
	void *base; /* the struct */
};

/* What a file consists of: its sections share one name space, and their order in it is free. */
enum { CONFIG_SECTIONS_MAX = 5 };
struct config_sections {
	struct config_section each[CONFIG_SECTIONS_MAX + 1];
};

/* Fills the structs: the values of the file, and the defaults for the rest. False with
 * BM_ERROR_CONFIG naming file, line and key; the text fields set so far are then freed
 * by config_clear. */
bool config_read(const char *path, const struct config_sections *sections, GError **error)
    __attribute__((warn_unused_result));
/* Frees the text fields and sets them to NULL. */
void config_clear(const struct config_sections *sections);

/* Whether a value is the number of a port, 1 to 65535. */
bool config_is_port(const char *text);

#endif
