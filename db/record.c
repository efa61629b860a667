/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce.record_report() and bounce.record_reports() as C functions. For several, documents and
 * messages are sent in binary form: as text, a message would be written twice as long and read
 * again.
 */
#include "db/record.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "db/checkout.h"
#include "db/values/pg_binary_array.h"

#define COLUMNS                                                                                    \
	"SELECT bounce_message_id, bounce_id, disposition, duplicate, forward_to, class, reason, " \
	"  communication_id, trust, consequence, task_id "

static const char one_statement[] = COLUMNS "FROM bounce.record_report($1::jsonb, $2::bytea)";
static const char several_statement[] =
    COLUMNS "FROM bounce.record_reports($1::jsonb[], $2::bytea[])";

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

static bool read_row(const PGresult *rows, int row, struct db_record_result *result_out,
		     GError **error)
{
	enum db_disposition disposition;

	if (!disposition_parse(pg_value(rows, row, "disposition"), &disposition, error))
		return false;
	*result_out = (struct db_record_result){
	    .bounce_id = g_strdup(pg_value(rows, row, "bounce_id")),
	    .disposition = disposition,
	    .is_duplicate = pg_value_is_true(rows, row, "duplicate"),
	    .forward_to = g_strdup(pg_value(rows, row, "forward_to")),
	    .class = g_strdup(pg_value(rows, row, "class")),
	    .reason = g_strdup(pg_value(rows, row, "reason")),
	    .communication_id = g_strdup(pg_value(rows, row, "communication_id")),
	    .trust = g_strdup(pg_value(rows, row, "trust")),
	    .consequence = g_strdup(pg_value(rows, row, "consequence")),
	    .task_id = g_strdup(pg_value(rows, row, "task_id")),
	};
	return true;
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

static bool check_count(const PGresult *rows, guint count, GError **error)
{
	if (PQntuples(rows) == (int)count)
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "database: %u reports, and %d answers", count,
		    PQntuples(rows));
	return false;
}

static bool record_one(PGconn *connection, unsigned query_wait, struct db_record *record,
		       GError **error)
{
	const struct db_report *report = &record->report;
	const struct pg_param params[] = {PG_TEXT(report->document),
					  PG_BYTES(report->raw, report->raw_len)};
	g_autoptr(PGresult) rows =
	    pg_query_prepared(connection, query_wait, "record_report", one_statement,
			      G_N_ELEMENTS(params), params, error);

	return rows && check_count(rows, 1, error) && read_row(rows, 0, &record->result, error);
}

/* An answer that cannot be read is asked for again, alone. */
static bool read_record_rows(const PGresult *rows, GPtrArray *records, GError **error)
{
	if (!check_count(rows, records->len, error))
		return false;
	for (guint i = 0; i < records->len; i++) {
		struct db_record *record = records->pdata[i];

		if (*pg_value(rows, (int)i, "bounce_message_id") != '\0' &&
		    !read_row(rows, (int)i, &record->result, NULL))
			record->result = (struct db_record_result){0};
	}
	return true;
}

static PGresult *ask_record(PGconn *connection, unsigned query_wait, GPtrArray *records,
			    GError **error)
{
	g_autoptr(GByteArray) documents = pg_binary_array_new(PG_BINARY_JSONB, records->len);
	g_autoptr(GByteArray) raws = pg_binary_array_new(PG_BINARY_BYTEA, records->len);

	for (guint i = 0; i < records->len; i++) {
		const struct db_report *report = &((struct db_record *)records->pdata[i])->report;

		pg_binary_array_add(documents, PG_BINARY_JSONB, report->document,
				    strlen(report->document));
		pg_binary_array_add(raws, PG_BINARY_BYTEA, report->raw, report->raw_len);
	}
	const struct pg_param params[] = {PG_BYTES((const char *)documents->data, documents->len),
					  PG_BYTES((const char *)raws->data, raws->len)};
	return pg_query_prepared(connection, query_wait, "record_reports", several_statement,
				 G_N_ELEMENTS(params), params, error);
}

static void record_several(PGconn *connection, unsigned query_wait, GPtrArray *records)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PGresult) rows = ask_record(connection, query_wait, records, &error);

	if (!rows || !read_record_rows(rows, records, &error))
		log_event(LOG_LEVEL_WARNING, "", "%u reports are tried one by one: %s",
			  records->len, error->message);
}

enum attempt { RECORDED, FAILED, NO_CONNECTION };

static enum attempt try_alone(struct db_pool *pool, struct db_record *record)
{
	PGconn *connection = checkout_begin(pool, &record->error);

	if (!connection)
		return NO_CONNECTION;
	bool is_recorded =
	    record_one(connection, checkout_query_wait(pool), record, &record->error);
	checkout_end(pool, connection);
	return is_recorded ? RECORDED : FAILED;
}

/* The write is idempotent: once more, on another connection, makes a deadlock, a restart of the
 * database or a communication that was deleted meanwhile invisible to the MTA. */
static enum attempt record_alone(struct db_pool *pool, struct db_record *record)
{
	enum attempt attempt = try_alone(pool, record);

	if (attempt != FAILED || record->error->code == BM_ERROR_CONFIG)
		return attempt;
	g_clear_error(&record->error);
	return try_alone(pool, record);
}

bool db_record_report(struct db_pool *pool, const struct db_report *report,
		      struct db_record_result *result_out, GError **error)
{
	struct db_record record = {.report = *report};

	if (record_alone(pool, &record) == RECORDED) {
		*result_out = record.result;
		return true;
	}
	g_propagate_error(error, record.error);
	return false;
}

void db_record_together(struct db_pool *pool, GPtrArray *records)
{
	g_autoptr(GError) error = NULL;
	PGconn *connection = records->len > 1 ? checkout_begin(pool, &error) : NULL;

	if (connection) {
		record_several(connection, checkout_query_wait(pool), records);
		checkout_end(pool, connection);
	}
	for (guint i = 0; error && i < records->len; i++)
		((struct db_record *)records->pdata[i])->error = g_error_copy(error);
}

bool db_record_is_left(const struct db_record *record)
{
	return !record->error && !record->result.bounce_id;
}

void db_record_reports(struct db_pool *pool, GPtrArray *records)
{
	g_autoptr(GError) away = NULL;

	db_record_together(pool, records);
	for (guint i = 0; i < records->len; i++) {
		struct db_record *record = records->pdata[i];

		if (!db_record_is_left(record))
			continue;
		if (away)
			record->error = g_error_copy(away);
		else if (record_alone(pool, record) == NO_CONNECTION)
			away = g_error_copy(record->error);
	}
}
