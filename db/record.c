/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce.record_report() as a C function.
 */
#include "db/record.h"

#include <string.h>

#include "base/error.h"
#include "db/checkout.h"

static const char record_statement[] =
    "SELECT bounce_id, disposition, duplicate, forward_to, class, reason, "
    "  communication_id, trust, consequence, task_id "
    "FROM bounce.record_report($1::jsonb, $2::bytea)";

static const char *const names[] = {[DB_DISCARD] = "discard",
				    [DB_DELIVER] = "deliver",
				    [DB_FORWARD] = "forward",
				    [DB_QUEUE] = "queue"};

const char *db_record_disposition_name(enum db_disposition disposition)
{
	return names[disposition];
}

static bool disposition_parse(const char *name, enum db_disposition *disposition_out,
			      GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(name, names[i]) == 0) {
			*disposition_out = (enum db_disposition)i;
			return true;
		}
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
		    "database: bounce.record_report() answered the disposition \"%s\", which this "
		    "version does not know",
		    name);
	return false;
}

static bool read_result(const PGresult *row, struct db_record_result *result_out, GError **error)
{
	enum db_disposition disposition;

	if (PQntuples(row) != 1) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    "database: bounce.record_report() answered %d rows, not 1",
			    PQntuples(row));
		return false;
	}
	if (!disposition_parse(pg_value(row, 0, "disposition"), &disposition, error))
		return false;
	*result_out = (struct db_record_result){
	    .bounce_id = g_strdup(pg_value(row, 0, "bounce_id")),
	    .disposition = disposition,
	    .is_duplicate = pg_value_is_true(row, 0, "duplicate"),
	    .forward_to = g_strdup(pg_value(row, 0, "forward_to")),
	    .class = g_strdup(pg_value(row, 0, "class")),
	    .reason = g_strdup(pg_value(row, 0, "reason")),
	    .communication_id = g_strdup(pg_value(row, 0, "communication_id")),
	    .trust = g_strdup(pg_value(row, 0, "trust")),
	    .consequence = g_strdup(pg_value(row, 0, "consequence")),
	    .task_id = g_strdup(pg_value(row, 0, "task_id")),
	};
	return true;
}

static PGresult *try_record(struct db_pool *pool, PGconn *connection, size_t param_count,
			    const struct pg_param *params, GError **error)
{
	PGresult *row = pg_query(connection, checkout_query_wait(pool), record_statement,
				 param_count, params, error);

	checkout_end(pool, connection);
	return row;
}

bool db_record_report(struct db_pool *pool, const char *document, const char *raw, size_t raw_len,
		      struct db_record_result *result_out, GError **error)
{
	const struct pg_param params[] = {PG_TEXT(document), PG_BYTES(raw, raw_len)};
	g_autoptr(GError) cause = NULL;
	PGconn *connection = checkout_begin(pool, error);

	if (!connection)
		return false;
	g_autoptr(PGresult) row =
	    try_record(pool, connection, G_N_ELEMENTS(params), params, &cause);
	if (!row && cause->code != BM_ERROR_CONFIG) {
		/* The write is idempotent: once more, on another connection, makes a
		 * deadlock, a restart of the database or a communication that was
		 * deleted meanwhile invisible to the MTA. */
		g_clear_error(&cause);
		connection = checkout_begin(pool, error);
		if (!connection)
			return false;
		row = try_record(pool, connection, G_N_ELEMENTS(params), params, &cause);
	}
	if (!row) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	return read_result(row, result_out, error);
}

void db_record_result_clear(struct db_record_result *result)
{
	g_clear_pointer(&result->bounce_id, g_free);
	g_clear_pointer(&result->forward_to, g_free);
	g_clear_pointer(&result->class, g_free);
	g_clear_pointer(&result->reason, g_free);
	g_clear_pointer(&result->communication_id, g_free);
	g_clear_pointer(&result->trust, g_free);
	g_clear_pointer(&result->consequence, g_free);
	g_clear_pointer(&result->task_id, g_free);
}
