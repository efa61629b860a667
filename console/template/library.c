/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Parsed once, at start.
 */
#include "console/template/library.h"

#include <string.h>

#include "console/template/template.h"

struct embedded {
	const char *name;
	const char *text;
};

/* ISO C promises 4095 bytes of a string; our compilers know no bound. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"

static const struct embedded templates[] = {
#include "templates.inc"
};

static const struct embedded files[] = {
#include "static_files.inc"
};

#pragma GCC diagnostic pop

static void free_template(void *template)
{
	template_free(template);
}

GHashTable *library_templates(GError **error)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_template);

	for (size_t i = 0; i < G_N_ELEMENTS(templates); i++) {
		struct template *template = template_parse(templates[i].text, error);

		if (!template) {
			g_prefix_error(error, "template %s: ", templates[i].name);
			g_hash_table_unref(table);
			return NULL;
		}
		g_hash_table_insert(table, (gpointer)templates[i].name, template);
	}
	return table;
}

const char *library_file(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
		if (strcmp(files[i].name, name) == 0)
			return files[i].text;
	return NULL;
}

const char *library_source(gsize number, const char **name_out)
{
	if (number >= G_N_ELEMENTS(templates))
		return NULL;
	*name_out = templates[number].name;
	return templates[number].text;
}
