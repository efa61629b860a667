/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The mark is libpq's instance data, which lives as long as the connection. PQcancel() has a thread
 * that may be left behind: there is one for each connection that was given up, and no new
 * connection is made to a host that does not answer.
 */
#include "db/connection.h"

#include <glib.h>
#include <libpq-events.h>

enum { PATIENCE = G_USEC_PER_SEC };

static int ignore_event(PGEventId event, void *info, void *context)
{
	(void)event;
	(void)info;
	(void)context;
	return 1;
}

void connection_watch(PGconn *connection)
{
	if (!PQregisterEventProc(connection, ignore_event, "connection", NULL))
		g_error("out of memory");
}

void connection_deny(PGconn *connection)
{
	PQsetInstanceData(connection, ignore_event, connection);
}

bool connection_is_denied(const PGconn *connection)
{
	return PQinstanceData(connection, ignore_event);
}

bool connection_is_read_only(const PGconn *connection)
{
	static const char *const names[] = {"in_hot_standby", "default_transaction_read_only"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_strcmp0(PQparameterStatus(connection, names[i]), "on") == 0)
			return true;
	return false;
}

struct order {
	PGcancel *cancel;
	GAsyncQueue *done; /* one item once the server has heard, or cannot */
};

static void *cancel_main(void *data)
{
	struct order *order = data;
	char complaint[256];

	/* in vain where the server is gone, and then nothing is left to end */
	PQcancel(order->cancel, complaint, sizeof complaint);
	PQfreeCancel(order->cancel);
	g_async_queue_push(order->done, GINT_TO_POINTER(1));
	g_async_queue_unref(order->done);
	g_free(order);
	return NULL;
}

void connection_cancel(PGconn *connection)
{
	PGcancel *cancel = PQgetCancel(connection);

	if (!cancel)
		return;
	struct order *order = g_new0(struct order, 1);
	GAsyncQueue *done = g_async_queue_new();
	order->cancel = cancel;
	order->done = g_async_queue_ref(done);
	g_thread_unref(g_thread_new("cancel", cancel_main, order));
	g_async_queue_timeout_pop(done, PATIENCE);
	g_async_queue_unref(done);
}
