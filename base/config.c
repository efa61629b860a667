/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading a configuration file by a table of keys.
 */
#include "base/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Where a complaint points to. */
struct place {
	const char *path;
	unsigned line; /* 0: the file as a whole */
	const char *key;
};

static bool refuse(const struct place *place, GError **error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(const struct place *place, GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	if (place->line == 0)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: %s: %s", place->path, place->key,
			    text);
	else
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s:%u: %s: %s", place->path,
			    place->line, place->key, text);
	return false;
}

static void *field_at(void *base, const struct config_key *key)
{
	return (char *)base + key->offset;
}

static bool is_allowed(const char *allowed, const char *value)
{
	g_auto(GStrv) words = g_strsplit(allowed, "|", -1);

	return g_strv_contains((const char *const *)words, value);
}

static bool set_text(const struct config_key *key, const char *value, void *base,
		     const struct place *place, GError **error)
{
	char **field = (char **)field_at(base, key);

	if (key->allowed != NULL && !is_allowed(key->allowed, value))
		return refuse(place, error, "\"%s\" is not one of %s", value, key->allowed);
	g_free(*field);
	*field = g_strdup(value);
	return true;
}

static bool set_number(const struct config_key *key, int radix, const char *value, void *base,
		       const struct place *place, GError **error)
{
	char *end;

	errno = 0;
	long number = strtol(value, &end, radix);
	if (end == value || *end != '\0' || errno != 0)
		return refuse(place, error, "\"%s\" is not %s", value,
			      radix == 8 ? "an octal number" : "a whole number");
	if (number < key->minimum || number > key->maximum)
		return refuse(place, error,
			      radix == 8 ? "%s is not in %lo to %lo" : "%s is not in %ld to %ld",
			      value, key->minimum, key->maximum);
	*(long *)field_at(base, key) = number;
	return true;
}

static bool set_value(const struct config_key *key, const char *value, void *base,
		      const struct place *place, GError **error)
{
	switch (key->type) {
	case CONFIG_TEXT:
		return set_text(key, value, base, place, error);
	case CONFIG_INTEGER:
		return set_number(key, 10, value, base, place, error);
	case CONFIG_OCTAL:
		return set_number(key, 8, value, base, place, error);
	}
	g_assert_not_reached();
}

static size_t find_key(const struct config_key *keys, size_t count, const char *name)
{
	size_t i = 0;

	while (i < count && strcmp(keys[i].name, name) != 0)
		i++;
	return i;
}

static bool read_line(char *line, unsigned number, const char *path, const struct config_key *keys,
		      size_t count, unsigned *set_at, void *base, GError **error)
{
	char *text = g_strstrip(line);

	if (*text == '\0' || *text == '#')
		return true;
	char *equals = strchr(text, '=');
	struct place place = {path, number, text};
	if (equals == NULL)
		return refuse(&place, error, "expected \"name = value\"");
	*equals = '\0';
	const char *name = g_strstrip(text);
	const char *value = g_strstrip(equals + 1);
	place.key = name;
	size_t i = find_key(keys, count, name);
	if (i == count)
		return refuse(&place, error, "unknown key");
	if (set_at[i] != 0)
		return refuse(&place, error, "is already set in line %u", set_at[i]);
	set_at[i] = number;
	return set_value(&keys[i], value, base, &place, error);
}

static bool set_defaults(const char *path, const struct config_key *keys, size_t count,
			 const unsigned *set_at, void *base, GError **error)
{
	for (size_t i = 0; i < count; i++) {
		struct place place = {path, 0, keys[i].name};

		if (set_at[i] != 0)
			continue;
		if (keys[i].default_value == NULL)
			return refuse(&place, error, "must be set (%s)", keys[i].help);
		if (!set_value(&keys[i], keys[i].default_value, base, &place, error))
			return false;
	}
	return true;
}

bool config_read(const char *path, const struct config_key *keys, size_t count, void *base,
		 GError **error)
{
	g_autofree char *contents = NULL;
	g_autoptr(GError) cause = NULL;
	g_autofree unsigned *set_at = g_new0(unsigned, count);

	if (!g_file_get_contents(path, &contents, NULL, &cause)) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", cause->message);
		return false;
	}
	g_auto(GStrv) lines = g_strsplit(contents, "\n", -1);
	for (unsigned i = 0; lines[i] != NULL; i++)
		if (!read_line(lines[i], i + 1, path, keys, count, set_at, base, error))
			return false;
	return set_defaults(path, keys, count, set_at, base, error);
}

void config_clear(const struct config_key *keys, size_t count, void *base)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i].type == CONFIG_TEXT)
			g_clear_pointer((char **)field_at(base, &keys[i]), g_free);
}
