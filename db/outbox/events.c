/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The webhook's functions of sql/ as C functions, over one connection.
 */
#include "db/outbox/events.h"

#include "db/outbox/session.h"

static const char claim_statement[] =
    "SELECT id, claim_id, body"
    " FROM bounce.claim_events(batch => $1::integer, lease => make_interval(secs => $2::integer))";
static const char settle_statement[] =
    "SELECT bounce.settle_event(id => $1::bigint, claim_id => $2::uuid, outcome => $3,"
    " response => $4, pause => make_interval(secs => $5::integer))";
static const char release_statement[] =
    "SELECT bounce.release_events(claim_id => $1::uuid, first_id => $2::bigint)";

struct db_events {
	struct db_session *session;
};

struct db_events *db_events_new(const char *conninfo, unsigned query_wait)
{
	struct db_events *events = g_new0(struct db_events, 1);

	events->session = db_session_new(conninfo, query_wait);
	return events;
}

void db_events_free(struct db_events *events)
{
	if (!events)
		return;
	db_session_free(events->session);
	g_free(events);
}

static void event_free(void *data)
{
	struct db_event *event = data;

	g_free(event->id);
	g_free(event->claim_id);
	g_free(event->body);
	g_free(event);
}

GPtrArray *db_events_claim(struct db_events *events, unsigned batch, unsigned lease, GError **error)
{
	g_autofree char *size = g_strdup_printf("%u", batch);
	g_autofree char *seconds = g_strdup_printf("%u", lease);
	const struct pg_param params[] = {PG_TEXT(size), PG_TEXT(seconds)};
	g_autoptr(PGresult) result =
	    db_session_ask(events->session, claim_statement, G_N_ELEMENTS(params), params, error);

	if (!result)
		return NULL;
	GPtrArray *claimed = g_ptr_array_new_with_free_func(event_free);
	for (int row = 0; row < PQntuples(result); row++) {
		struct db_event *event = g_new0(struct db_event, 1);

		event->id = g_strdup(pg_value(result, row, "id"));
		event->claim_id = g_strdup(pg_value(result, row, "claim_id"));
		event->body = g_strdup(pg_value(result, row, "body"));
		g_ptr_array_add(claimed, event);
	}
	return claimed;
}

bool db_events_settle(struct db_events *events, const struct db_event *event,
		      const struct db_event_outcome *outcome, GError **error)
{
	g_autofree char *pause = g_strdup_printf("%u", outcome->pause);
	const struct pg_param params[] = {PG_TEXT(event->id), PG_TEXT(event->claim_id),
					  PG_TEXT(outcome->name), PG_TEXT(outcome->response),
					  PG_TEXT(pause)};
	g_autoptr(PGresult) result =
	    db_session_ask(events->session, settle_statement, G_N_ELEMENTS(params), params, error);

	return result;
}

bool db_events_release(struct db_events *events, const struct db_event *event, GError **error)
{
	const struct pg_param params[] = {PG_TEXT(event->claim_id), PG_TEXT(event->id)};
	g_autoptr(PGresult) result =
	    db_session_ask(events->session, release_statement, G_N_ELEMENTS(params), params, error);

	return result;
}
