/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The marks are libpq's instance data, which lives as long as the connection. PQcancel() has a
 * thread that may be left behind: there is one for each connection that was given up, and no new
 * connection is made to a host that does not answer.
 */
#include "db/pg_connection.h"

#include <glib.h>
#include <libpq-events.h>

enum { CANCEL_WAIT = G_USEC_PER_SEC };

struct marks {
	bool is_denied;
	bool may_not_prepare;
	bool was_notified;
	GHashTable *prepared; /* a set of addresses */
};

static int on_event(PGEventId event, void *info, void *context)
{
	(void)context;
	if (event == PGEVT_CONNDESTROY) {
		struct marks *marks = PQinstanceData(((PGEventConnDestroy *)info)->conn, on_event);

		g_hash_table_unref(marks->prepared);
		g_free(marks);
	}
	return 1;
}

void pg_connection_watch(PGconn *connection)
{
	struct marks *marks = g_new0(struct marks, 1);

	marks->prepared = g_hash_table_new(NULL, NULL);
	if (!PQregisterEventProc(connection, on_event, "connection", NULL) ||
	    !PQsetInstanceData(connection, on_event, marks))
		g_error("out of memory");
}

static struct marks *marks_of(const PGconn *connection)
{
	return PQinstanceData(connection, on_event);
}

void pg_connection_deny(PGconn *connection)
{
	marks_of(connection)->is_denied = true;
}

bool pg_connection_is_denied(const PGconn *connection)
{
	return marks_of(connection)->is_denied;
}

void pg_connection_forbid_preparing(PGconn *connection)
{
	marks_of(connection)->may_not_prepare = true;
}

bool pg_connection_may_prepare(const PGconn *connection)
{
	return !marks_of(connection)->may_not_prepare;
}

bool pg_connection_has_prepared(const PGconn *connection, const char *statement)
{
	return g_hash_table_contains(marks_of(connection)->prepared, statement);
}

void pg_connection_note_prepared(PGconn *connection, const char *statement)
{
	g_hash_table_add(marks_of(connection)->prepared, (void *)statement);
}

void pg_connection_gather_notices(PGconn *connection)
{
	for (PGnotify *notice; (notice = PQnotifies(connection)) != NULL; PQfreemem(notice))
		marks_of(connection)->was_notified = true;
}

bool pg_connection_take_notices(PGconn *connection)
{
	pg_connection_gather_notices(connection);
	bool was_notified = marks_of(connection)->was_notified;
	marks_of(connection)->was_notified = false;
	return was_notified;
}

bool pg_connection_is_read_only(const PGconn *connection)
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

void pg_connection_cancel(PGconn *connection)
{
	PGcancel *cancel = PQgetCancel(connection);

	if (!cancel)
		return;
	struct order *order = g_new0(struct order, 1);
	GAsyncQueue *done = g_async_queue_new();
	order->cancel = cancel;
	order->done = g_async_queue_ref(done);
	g_thread_unref(g_thread_new("cancel", cancel_main, order));
	g_async_queue_timeout_pop(done, CANCEL_WAIT);
	g_async_queue_unref(done);
}
