/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Compares the keys of a configuration file with its sample file and its man page.
 */
#ifndef TESTS_UNIT_DAEMON_SETTINGS_DOCUMENTS_H
#define TESTS_UNIT_DAEMON_SETTINGS_DOCUMENTS_H

#include <string.h>

#include <glib.h>

#include "base/config.h"

static inline bool settings_documents_have(const char *text, const char *before, const char *name,
					   const char *after)
{
	g_autofree char *wanted = g_strconcat(before, name, after, NULL);

	return strstr(text, wanted);
}

static inline void settings_documents_check_key(const struct config_key *key, const char *sample,
						const char *manual)
{
	const char *value = key->default_value ? key->default_value : "";
	g_autofree char *preset = g_strconcat(key->name, " = ", value, NULL);

	g_test_message("%s", key->name);
	g_assert_true(settings_documents_have(sample, "\n#", g_strchomp(preset), "\n") ||
		      settings_documents_have(sample, "\n", key->name, " = "));
	g_assert_true(settings_documents_have(manual, "\n.It Va ", key->name, "\n"));
	if (*value != '\0')
		g_assert_true(settings_documents_have(manual, "\nDefault: ", value, ".\n"));
}

/* The sample file and the man page name every key, with its default. */
static inline void settings_documents_check(const struct config_sections *sections,
					    const char *sample_path, const char *manual_path)
{
	g_autofree char *sample = NULL;
	g_autofree char *manual = NULL;

	g_assert_true(g_file_get_contents(sample_path, &sample, NULL, NULL));
	g_assert_true(g_file_get_contents(manual_path, &manual, NULL, NULL));
	for (const struct config_section *section = sections->each; section->keys; section++)
		for (size_t k = 0; k < section->count; k++)
			settings_documents_check_key(&section->keys[k], sample, manual);
}

#endif
