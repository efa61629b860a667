/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The queue's views and functions for people.
 */
#include "db/queue_admin.h"

#include "db/pg.h"

enum { CONNECT_WAIT = 10, QUERY_WAIT = 60 }; /* seconds */

#define FITTING                                                                                                        \
	" FROM bounce.delivery AS d WHERE ($1 = '' OR d.communication_id = ANY (string_to_array($1, ',')::bigint[]))"  \
	" AND $2 IN ('', d.process) AND $3 IN ('', d.state) AND $4 IN ('', d.business_ref)"                            \
	" AND (($5 = '' AND $6 = '') OR EXISTS (SELECT FROM bounce.communication_recipient AS r"                       \
	"  WHERE r.communication_id = d.communication_id AND $5 IN ('', r.address_key)"                                \
	"  AND $6 IN ('', bounce.address_domain(r.address))))"
#define OBJECT                                                                                                         \
	"jsonb_build_object('id', d.communication_id, 'process', d.process, 'business_ref', d.business_ref,"           \
	" 'subject', d.subject, 'due', d.due_at, 'held', d.held_at IS NOT NULL, 'priority', d.priority) || d.json"

static const char list_statement[] = "SELECT " OBJECT " AS row" FITTING " ORDER BY d.communication_id LIMIT $7::bigint";
static const char show_statement[] =
    "SELECT " OBJECT " || jsonb_build_object('recipients', (SELECT jsonb_agg(jsonb_build_object('address', r.address,"
    " 'kind', r.kind, 'delivery', r.delivery, 'state', r.state, 'class', r.class, 'reason', r.reason, 'attempts', "
    "r.attempts,"
    " 'tries', r.tries, 'due', r.due_at, 'response', r.response) ORDER BY r.id)"
    " FROM bounce.communication_recipient AS r WHERE r.communication_id = d.communication_id),"
    " 'log', (SELECT jsonb_agg(jsonb_build_object('at', l.at, 'event', l.event, 'text', l.text) ORDER BY l.id)"
    " FROM bounce.communication_log AS l WHERE l.communication_id = d.communication_id)) AS row" FITTING
    " ORDER BY d.communication_id LIMIT $7::bigint";
static const char metrics_statement[] = "SELECT to_jsonb(m) AS row FROM bounce.delivery_metric AS m ORDER BY m.process";

/* Locks are taken by id, as everywhere. */
static const char *const change_statements[] = {
    [DB_QUEUE_RETRY] = "SELECT count(*) AS changed FROM (SELECT bounce.retry_communication(o.id) FROM"
		       " (SELECT d.communication_id AS id" FITTING " ORDER BY 1 LIMIT $7::bigint) AS o) AS c",
    [DB_QUEUE_HOLD] =
	"SELECT count(*) FILTER (WHERE c.done) AS changed FROM (SELECT bounce.hold_communication(o.id) AS done FROM"
	" (SELECT d.communication_id AS id" FITTING " ORDER BY 1 LIMIT $7::bigint) AS o) AS c",
    [DB_QUEUE_RELEASE] =
	"SELECT count(*) FILTER (WHERE c.done) AS changed FROM (SELECT bounce.release_communication(o.id) AS done FROM"
	" (SELECT d.communication_id AS id" FITTING " ORDER BY 1 LIMIT $7::bigint) AS o) AS c",
    [DB_QUEUE_CANCEL] = "SELECT count(*) FILTER (WHERE c.done > 0) AS changed FROM (SELECT "
			"bounce.cancel_communication(o.id) AS done FROM"
			" (SELECT d.communication_id AS id" FITTING " ORDER BY 1 LIMIT $7::bigint) AS o) AS c",
};

static PGresult *ask(const char *conninfo, const char *statement, const struct db_queue_filter *filter, GError **error)
{
	g_autoptr(PGconn) connection = pg_open(conninfo, CONNECT_WAIT, error);

	if (connection == NULL)
		return NULL;
	if (filter == NULL)
		return pg_query(connection, QUERY_WAIT, statement, 0, NULL, error);
	g_autofree char *recipient = g_utf8_strdown(filter->recipient, -1);
	g_autofree char *domain = g_utf8_strdown(filter->domain, -1);
	g_autofree char *limit = g_strdup_printf("%u", filter->limit);
	const struct pg_param params[] = {PG_TEXT(filter->ids), PG_TEXT(filter->process), PG_TEXT(filter->state),
					  PG_TEXT(filter->ref), PG_TEXT(recipient),       PG_TEXT(domain),
					  PG_TEXT(limit)};

	return pg_query(connection, QUERY_WAIT, statement, G_N_ELEMENTS(params), params, error);
}

static GPtrArray *read_rows(const char *conninfo, const char *statement, const struct db_queue_filter *filter,
			    GError **error)
{
	g_autoptr(PGresult) result = ask(conninfo, statement, filter, error);

	if (result == NULL)
		return NULL;
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);
	for (int row = 0; row < PQntuples(result); row++)
		g_ptr_array_add(rows, g_strdup(pg_value(result, row, "row")));
	return rows;
}

GPtrArray *db_queue_list(const char *conninfo, const struct db_queue_filter *filter, GError **error)
{
	return read_rows(conninfo, list_statement, filter, error);
}

GPtrArray *db_queue_show(const char *conninfo, const struct db_queue_filter *filter, GError **error)
{
	return read_rows(conninfo, show_statement, filter, error);
}

GPtrArray *db_queue_metrics(const char *conninfo, GError **error)
{
	return read_rows(conninfo, metrics_statement, NULL, error);
}

bool db_queue_change(const char *conninfo, enum db_queue_action action, const struct db_queue_filter *filter,
		     unsigned *count_out, GError **error)
{
	g_autoptr(PGresult) result = ask(conninfo, change_statements[action], filter, error);

	if (result == NULL)
		return false;
	*count_out = (unsigned)g_ascii_strtoull(pg_value(result, 0, "changed"), NULL, 10);
	return true;
}
