/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libpq itself puts together what conninfo, environment and service file say.
 */
#include "db/conninfo.h"

#include <string.h>

#include "db/pg.h"

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
	for (const PQconninfoOption *option = options; option->keyword; option++)
		if (strcmp(option->keyword, keyword) == 0)
			return option->val ? option->val : "";
	return "";
}

static char *fault_of(const PQconninfoOption *options)
{
	const char *session = option_value(options, "target_session_attrs");
	bool has_several = strchr(option_value(options, "host"), ',') ||
			   strchr(option_value(options, "hostaddr"), ',');

	if (!has_several || strcmp(session, "read-write") == 0 || strcmp(session, "primary") == 0)
		return NULL;
	return g_strdup_printf("conninfo names several hosts with target_session_attrs=%s: a "
			       "standby may be reached, which takes no writes; set it to "
			       "read-write",
			       *session != '\0' ? session : "any");
}

char *conninfo_hosts_fault(const char *conninfo)
{
	g_autoptr(PGconn) connection = PQconnectStart(conninfo);
	PQconninfoOption *options = PQconninfo(connection);
	char *fault = options ? fault_of(options) : NULL;

	PQconninfoFree(options);
	return fault;
}

void conninfo_append(GString *conninfo, const char *keyword, const char *value)
{
	g_string_append_printf(conninfo, " %s='", keyword);
	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '\'' || *p == '\\')
			g_string_append_c(conninfo, '\\');
		g_string_append_c(conninfo, *p);
	}
	g_string_append_c(conninfo, '\'');
}

/* The value in the string alone; NULL if it does not set it. Heap. */
static char *own_value(const char *conninfo, const char *keyword)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	const char *value = options ? option_value(options, keyword) : "";
	char *copy = *value != '\0' ? g_strdup(value) : NULL;

	PQconninfoFree(options);
	return copy;
}

bool conninfo_has_password(const char *conninfo)
{
	g_autofree char *password = own_value(conninfo, "password");

	return password;
}

char *conninfo_password_file(const char *conninfo)
{
	char *path = own_value(conninfo, "passfile");

	if (!path)
		path = g_strdup(g_getenv("PGPASSFILE"));
	return path ? path : g_build_filename(g_get_home_dir(), ".pgpass", NULL);
}
