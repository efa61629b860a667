/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading a configuration file by tables of keys.
 */
#include "base/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Where an error message points to. */
struct place {
	const char *path;
	unsigned line; /* 0: the file as a whole */
	const char *key;
};

/* One key of the file, whichever section it belongs to. */
struct slot {
	const struct config_key *key;
	void *base;
	unsigned set_at; /* line number; 0: not set yet */
};

static bool refuse_config(const struct place *place, GError **error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse_config(const struct place *place, GError **error, const char *format, ...)
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

static bool set_config_text(const struct config_key *key, const char *value, void *base,
			    const struct place *place, GError **error)
{
	char **field = (char **)field_at(base, key);

	if (key->allowed && !is_allowed(key->allowed, value))
		return refuse_config(place, error, "\"%s\" is not one of %s", value, key->allowed);
	if (*value == '\0' && key->minimum > 0)
		return refuse_config(place, error, "must not be empty (%s)", key->help);
	g_free(*field);
	*field = g_strdup(value);
	return true;
}

static bool set_config_number(const struct config_key *key, int radix, const char *value,
			      void *base, const struct place *place, GError **error)
{
	char *end;

	errno = 0;
	long number = strtol(value, &end, radix);
	if (end == value || *end != '\0' || errno != 0)
		return refuse_config(place, error, "\"%s\" is not %s", value,
				     radix == 8 ? "an octal number" : "a whole number");
	if (number < key->minimum || number > key->maximum)
		return refuse_config(place, error,
				     radix == 8 ? "%s is not in %lo to %lo"
						: "%s is not in %ld to %ld",
				     value, key->minimum, key->maximum);
	*(long *)field_at(base, key) = number;
	return true;
}

static bool set_config_value(const struct config_key *key, const char *value, void *base,
			     const struct place *place, GError **error)
{
	switch (key->type) {
	case CONFIG_TEXT:
		return set_config_text(key, value, base, place, error);
	case CONFIG_INTEGER:
		return set_config_number(key, 10, value, base, place, error);
	case CONFIG_OCTAL:
		return set_config_number(key, 8, value, base, place, error);
	}
	g_assert_not_reached();
}

static GArray *slots_new(const struct config_sections *sections)
{
	GArray *slots = g_array_new(FALSE, FALSE, sizeof(struct slot));

	for (const struct config_section *section = sections->each; section->keys; section++)
		for (size_t k = 0; k < section->count; k++) {
			const struct slot slot = {&section->keys[k], section->base, 0};

			g_array_append_val(slots, slot);
		}
	return slots;
}

static struct slot *slot_find(const GArray *slots, const char *name)
{
	for (guint i = 0; i < slots->len; i++) {
		struct slot *slot = &g_array_index(slots, struct slot, i);

		if (strcmp(slot->key->name, name) == 0)
			return slot;
	}
	return NULL;
}

static bool read_config_line(char *line, struct place *place, const GArray *slots, GError **error)
{
	char *text = g_strstrip(line);

	if (*text == '\0' || *text == '#')
		return true;
	char *equals = strchr(text, '=');
	place->key = text;
	if (!equals)
		return refuse_config(place, error, "expected \"name = value\"");
	*equals = '\0';
	const char *value = g_strstrip(equals + 1);
	place->key = g_strstrip(text);
	struct slot *slot = slot_find(slots, place->key);
	if (!slot)
		return refuse_config(place, error, "unknown key");
	if (slot->set_at != 0)
		return refuse_config(place, error, "is already set in line %u", slot->set_at);
	slot->set_at = place->line;
	return set_config_value(slot->key, value, slot->base, place, error);
}

static bool set_defaults(const char *path, const GArray *slots, GError **error)
{
	for (guint i = 0; i < slots->len; i++) {
		const struct slot *slot = &g_array_index(slots, struct slot, i);
		const struct config_key *key = slot->key;
		const struct place place = {path, 0, key->name};

		if (slot->set_at != 0)
			continue;
		if (!key->default_value)
			return refuse_config(&place, error, "must be set (%s)", key->help);
		if (!set_config_value(key, key->default_value, slot->base, &place, error))
			return false;
	}
	return true;
}

bool config_read(const char *path, const struct config_sections *sections, GError **error)
{
	g_autofree char *contents = NULL;
	g_autoptr(GError) cause = NULL;
	g_autoptr(GArray) slots = slots_new(sections);

	if (!g_file_get_contents(path, &contents, NULL, &cause)) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", cause->message);
		return false;
	}
	g_auto(GStrv) lines = g_strsplit(contents, "\n", -1);
	for (unsigned i = 0; lines[i]; i++) {
		struct place place = {path, i + 1, NULL};

		if (!read_config_line(lines[i], &place, slots, error))
			return false;
	}
	return set_defaults(path, slots, error);
}

void config_clear(const struct config_sections *sections)
{
	for (const struct config_section *section = sections->each; section->keys; section++)
		for (size_t k = 0; k < section->count; k++) {
			const struct config_key *key = &section->keys[k];

			if (key->type == CONFIG_TEXT)
				g_clear_pointer((char **)field_at(section->base, key), g_free);
		}
}

bool config_is_port(const char *text)
{
	return g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT16, NULL, NULL);
}
