/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libpq itself puts together what conninfo, environment and service file say.
 */
#include "db/hosts.h"

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

char *db_hosts_fault(const char *conninfo)
{
	g_autoptr(PGconn) connection = PQconnectStart(conninfo);
	PQconninfoOption *options = PQconninfo(connection);
	char *fault = options ? fault_of(options) : NULL;

	PQconninfoFree(options);
	return fault;
}
