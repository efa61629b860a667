/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libpq parses the string.
 */
#include "db/conninfo.h"

#include <string.h>

#include <glib.h>

#include "db/pg.h"

/* The value of an option, NULL if the string does not set it. Heap. */
static char *option_value(const char *conninfo, const char *keyword)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	char *value = NULL;

	for (const PQconninfoOption *option = options; option && option->keyword; option++)
		if (strcmp(option->keyword, keyword) == 0)
			value = g_strdup(option->val);
	PQconninfoFree(options);
	return value;
}

bool conninfo_has_password(const char *conninfo)
{
	g_autofree char *password = option_value(conninfo, "password");

	return password && *password != '\0';
}

char *conninfo_password_file(const char *conninfo)
{
	char *path = option_value(conninfo, "passfile");

	if (!path)
		path = g_strdup(g_getenv("PGPASSFILE"));
	return path ? path : g_build_filename(g_get_home_dir(), ".pgpass", NULL);
}
