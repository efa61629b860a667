/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The mark is libpq's instance data, which lives as long as the connection.
 */
#include "db/writable.h"

#include <glib.h>
#include <libpq-events.h>

static int ignore_event(PGEventId event, void *info, void *context)
{
	(void)event;
	(void)info;
	(void)context;
	return 1;
}

void writable_watch(PGconn *connection)
{
	if (!PQregisterEventProc(connection, ignore_event, "writable", NULL))
		g_error("out of memory");
}

void writable_deny(PGconn *connection)
{
	PQsetInstanceData(connection, ignore_event, connection);
}

bool writable_is_denied(const PGconn *connection)
{
	return PQinstanceData(connection, ignore_event);
}

bool writable_is_read_only(const PGconn *connection)
{
	static const char *const names[] = {"in_hot_standby", "default_transaction_read_only"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_strcmp0(PQparameterStatus(connection, names[i]), "on") == 0)
			return true;
	return false;
}
