/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The queue's functions of sql/ as C functions, over one connection. It listens for
 * bounce_delivery only while it waits: every commit that notifies anybody wakes all
 * that listen.
 */
#include "db/queue.h"

#include <math.h>
#include <poll.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "db/pg.h"
#include "db/pg_connection.h"
#include "db/values/pg_array.h"

enum { CONNECT_WAIT = 5 }; /* seconds */

static const char listen_statement[] = "LISTEN bounce_delivery";
static const char unlisten_statement[] = "UNLISTEN *";
static const char listen_urgent_statement[] = "LISTEN bounce_send_now";
/* The functions' statements are the same for every mail, and so are their good plans;
 * one with an array of ids would be planned anew each time. */
static const char plan_statement[] = "SET plan_cache_mode = force_generic_plan";
static const char claim_statement[] =
    "SELECT claim_id, communication_id, recipient_ids, addresses, attempt, envelope_sender,"
    " envelope_id, bytes, response, asks_success, simulates"
    " FROM bounce.claim_deliveries(worker => $1, server => $2, batch => $3::integer)";
static const char claim_urgent_statement[] =
    "SELECT claim_id, communication_id, recipient_ids, addresses, attempt, envelope_sender,"
    " envelope_id, bytes, response, asks_success, simulates"
    " FROM bounce.claim_urgent(worker => $1, batch => $2::integer)";
static const char step_name[] = "step"; /* prepared: there is one for each mail */
static const char step_statement[] =
    "SELECT message_id, envelope_id, raw, body_text, body_html, header_from,"
    " header_to, header_cc, reply_to, subject, auto_submitted, attachments, notice"
    " FROM bounce.settle_and_begin(settled_claim => $1::uuid, server => $2, outcomes => $3::jsonb,"
    " begun_claim => $4::uuid, begun_recipients => $5::bigint[])";
static const char release_statement[] = "SELECT bounce.release_claim($1::uuid, $2)";
static const char problem_statement[] = "SELECT bounce.delivery_problem($1, $2)";
static const char renew_statement[] = "SELECT bounce.renew_leases($1::uuid[])";
static const char noted_statement[] = "SELECT bounce.settle_noted($1::uuid[])";
static const char sweep_statement[] =
    "SELECT bounce.sweep_deliveries() AS swept, bounce.delivery_lease_seconds() AS lease,"
    " bounce.send_owner_notices() AS notices, bounce.forget_servers() AS forgotten";
static const char next_statement[] =
    "SELECT ceil(extract(epoch FROM bounce.next_due($1) - now()) * 1000)::bigint AS milliseconds";

struct db_queue {
	char *conninfo;
	char *worker;
	char *server;
	unsigned query_wait;
	PGconn *connection; /* NULL: not connected */
	bool is_listening;
	bool is_urgent;
};

struct db_queue *db_queue_new(const char *conninfo, unsigned query_wait, const char *worker,
			      const char *server)
{
	struct db_queue *queue = g_new0(struct db_queue, 1);

	queue->conninfo = g_strdup(conninfo);
	queue->query_wait = query_wait;
	queue->worker = g_strdup(worker);
	queue->server = g_strdup(server);
	return queue;
}

void db_queue_free(struct db_queue *queue)
{
	if (!queue)
		return;
	g_clear_pointer(&queue->connection, pg_close);
	g_free(queue->conninfo);
	g_free(queue->worker);
	g_free(queue->server);
	g_free(queue);
}

void db_queue_make_urgent(struct db_queue *queue)
{
	queue->is_urgent = true;
}

static bool connect_queue(struct db_queue *queue, GError **error)
{
	if (queue->connection && pg_is_usable(queue->connection))
		return true;
	g_clear_pointer(&queue->connection, pg_close);
	g_autoptr(PGconn) fresh = pg_open(queue->conninfo, CONNECT_WAIT, error);
	if (!fresh || !pg_limit_statements(fresh, queue->query_wait, error))
		return false;
	g_autoptr(PGresult) planning =
	    pg_query(fresh, queue->query_wait, plan_statement, 0, NULL, error);
	if (!planning || !pg_prepare(fresh, queue->query_wait, step_name, step_statement, error))
		return false;
	queue->connection = g_steal_pointer(&fresh);
	queue->is_listening = false;
	return true;
}

/* After a lost connection nothing more can be said on it, nor to a server that is read-only, nor
 * with a plan that the schema has left behind. */
static PGresult *take_answer(struct db_queue *queue, PGresult *result, GError *cause,
			     GError **error)
{
	if (result)
		return result;
	if (cause->code == BM_ERROR_UNCERTAIN || cause->code == BM_ERROR_CONFIG ||
	    !pg_is_usable(queue->connection))
		g_clear_pointer(&queue->connection, pg_close);
	g_propagate_error(error, cause);
	return NULL;
}

static PGresult *ask_queue(struct db_queue *queue, const char *statement, size_t count,
			   const struct pg_param *params, GError **error)
{
	GError *cause = NULL;

	if (!connect_queue(queue, error))
		return NULL;
	PGresult *result =
	    pg_query(queue->connection, queue->query_wait, statement, count, params, &cause);
	return take_answer(queue, result, cause, error);
}

/* Without an answer the connection is lost, which the next to ask will see. */
static void set_listening(struct db_queue *queue, bool should_listen)
{
	const char *listen = queue->is_urgent ? listen_urgent_statement : listen_statement;
	g_autoptr(PGresult) result =
	    ask_queue(queue, should_listen ? listen : unlisten_statement, 0, NULL, NULL);

	queue->is_listening = result && should_listen;
}

/* --- claiming ------------------------------------------------------------- */

static void item_free(void *data)
{
	struct db_item *item = data;

	g_free(item->claim_id);
	g_free(item->communication_id);
	g_strfreev(item->recipient_ids);
	g_strfreev(item->addresses);
	g_free(item->attempt);
	g_free(item->sender);
	g_free(item->envelope_id);
	g_free(item->response);
	g_free(item->simulates);
	g_free(item);
}

static struct db_item *read_queue_item(const PGresult *result, int row)
{
	struct db_item *item = g_new0(struct db_item, 1);

	item->claim_id = g_strdup(pg_value(result, row, "claim_id"));
	item->communication_id = g_strdup(pg_value(result, row, "communication_id"));
	item->recipient_ids = pg_array_read(pg_value(result, row, "recipient_ids"));
	item->addresses = pg_array_read(pg_value(result, row, "addresses"));
	item->attempt = g_strdup(pg_value(result, row, "attempt"));
	item->sender = g_strdup(pg_value(result, row, "envelope_sender"));
	item->envelope_id = g_strdup(pg_value(result, row, "envelope_id"));
	item->response = g_strdup(pg_value(result, row, "response"));
	item->bytes = (size_t)g_ascii_strtoull(pg_value(result, row, "bytes"), NULL, 10);
	item->simulates = g_strdup(pg_value(result, row, "simulates"));
	item->asks_success = g_strcmp0(pg_value(result, row, "asks_success"), "t") == 0;
	return item;
}

static PGresult *ask_to_claim(struct db_queue *queue, unsigned batch, GError **error)
{
	g_autofree char *size = g_strdup_printf("%u", batch);
	const struct pg_param any[] = {PG_TEXT(queue->worker), PG_TEXT(queue->server),
				       PG_TEXT(size)};
	const struct pg_param urgent[] = {PG_TEXT(queue->worker), PG_TEXT(size)};

	return queue->is_urgent
		   ? ask_queue(queue, claim_urgent_statement, G_N_ELEMENTS(urgent), urgent, error)
		   : ask_queue(queue, claim_statement, G_N_ELEMENTS(any), any, error);
}

GPtrArray *db_queue_claim(struct db_queue *queue, unsigned batch, GError **error)
{
	g_autoptr(PGresult) result = ask_to_claim(queue, batch, error);

	if (!result)
		return NULL;
	GPtrArray *items = g_ptr_array_new_with_free_func(item_free);
	for (int row = 0; row < PQntuples(result); row++)
		g_ptr_array_add(items, read_queue_item(result, row));
	if (items->len > 0 && queue->is_listening)
		set_listening(queue, false);
	return items;
}

/* --- settling and beginning ------------------------------------------------- */

void db_content_free(struct db_content *content)
{
	if (!content)
		return;
	g_free(content->message_id);
	g_free(content->envelope_id);
	g_free(content->raw);
	g_free(content->text);
	g_free(content->html);
	g_free(content->from);
	g_strfreev(content->to);
	g_strfreev(content->cc);
	g_free(content->reply_to);
	g_free(content->subject);
	g_free(content->auto_submitted);
	g_free(content->attachments);
	g_free(content->notice);
	g_free(content);
}

static bool has_column_value(const PGresult *result, const char *column)
{
	return !PQgetisnull(result, 0, PQfnumber(result, column));
}

static void read_item_raw(const PGresult *result, struct db_content *content)
{
	size_t len;
	unsigned char *bytes =
	    PQunescapeBytea((const unsigned char *)pg_value(result, 0, "raw"), &len);

	if (!bytes)
		g_error("out of memory");
	content->raw = g_memdup2(bytes, len);
	content->raw_len = len;
	PQfreemem(bytes);
}

static struct db_content *read_item_content(const PGresult *result)
{
	struct db_content *content = g_new0(struct db_content, 1);

	content->message_id = g_strdup(pg_value(result, 0, "message_id"));
	content->envelope_id = g_strdup(pg_value(result, 0, "envelope_id"));
	if (has_column_value(result, "raw"))
		read_item_raw(result, content);
	content->has_text = has_column_value(result, "body_text");
	content->has_html = has_column_value(result, "body_html");
	content->text = g_strdup(pg_value(result, 0, "body_text"));
	content->html = g_strdup(pg_value(result, 0, "body_html"));
	content->from = g_strdup(pg_value(result, 0, "header_from"));
	content->to = pg_array_read(pg_value(result, 0, "header_to"));
	content->cc = pg_array_read(pg_value(result, 0, "header_cc"));
	content->reply_to = g_strdup(pg_value(result, 0, "reply_to"));
	content->subject = g_strdup(pg_value(result, 0, "subject"));
	content->auto_submitted = g_strdup(pg_value(result, 0, "auto_submitted"));
	content->attachments = g_strdup(pg_value(result, 0, "attachments"));
	content->notice = g_strdup(pg_value(result, 0, "notice"));
	return content;
}

bool db_queue_step_ask(struct db_queue *queue, const struct db_settlement *done,
		       const struct db_item *next, GError **error)
{
	g_autofree char *recipients =
	    !next ? NULL : pg_array_write((const char *const *)next->recipient_ids);
	const struct pg_param params[] = {
	    PG_TEXT(!done ? NULL : done->claim_id), PG_TEXT(queue->server),
	    PG_TEXT(!done ? NULL : done->outcomes), PG_TEXT(!next ? NULL : next->claim_id),
	    PG_TEXT(recipients)};

	return connect_queue(queue, error) &&
	       pg_send_prepared(queue->connection, step_name, G_N_ELEMENTS(params), params, error);
}

bool db_queue_step_hear(struct db_queue *queue, struct db_content **content_out, GError **error)
{
	GError *cause = NULL;
	PGresult *answer = pg_receive(queue->connection, queue->query_wait, &cause);
	g_autoptr(PGresult) result = take_answer(queue, answer, cause, error);

	if (!result)
		return false;
	if (content_out)
		*content_out = PQntuples(result) == 1 ? read_item_content(result) : NULL;
	return true;
}

bool db_queue_step(struct db_queue *queue, const struct db_settlement *done,
		   const struct db_item *next, struct db_content **content_out, GError **error)
{
	return db_queue_step_ask(queue, done, next, error) &&
	       db_queue_step_hear(queue, content_out, error);
}

/* --- the rest ----------------------------------------------------------------- */

bool db_queue_release(struct db_queue *queue, const char *claim_id, const char *why, GError **error)
{
	const struct pg_param params[] = {PG_TEXT(claim_id), PG_TEXT(why)};
	g_autoptr(PGresult) result =
	    ask_queue(queue, release_statement, G_N_ELEMENTS(params), params, error);

	return result;
}

bool db_queue_problem(struct db_queue *queue, const char *problem, GError **error)
{
	const struct pg_param params[] = {PG_TEXT(queue->server), PG_TEXT(problem)};
	g_autoptr(PGresult) result =
	    ask_queue(queue, problem_statement, G_N_ELEMENTS(params), params, error);

	return result;
}

static bool ask_of_claims(struct db_queue *queue, const char *statement,
			  const char *const *claim_ids, GError **error)
{
	g_autofree char *list = pg_array_write(claim_ids);
	const struct pg_param params[] = {PG_TEXT(list)};
	g_autoptr(PGresult) result =
	    ask_queue(queue, statement, G_N_ELEMENTS(params), params, error);

	return result;
}

bool db_queue_settle_noted(struct db_queue *queue, const char *const *claim_ids, GError **error)
{
	return ask_of_claims(queue, noted_statement, claim_ids, error);
}

bool db_queue_renew(struct db_queue *queue, const char *const *claim_ids, GError **error)
{
	return ask_of_claims(queue, renew_statement, claim_ids, error);
}

bool db_queue_sweep(struct db_queue *queue, unsigned *swept_out, unsigned *lease_out,
		    GError **error)
{
	g_autoptr(PGresult) result = ask_queue(queue, sweep_statement, 0, NULL, error);

	if (!result)
		return false;
	*swept_out = (unsigned)g_ascii_strtoull(pg_value(result, 0, "swept"), NULL, 10);
	*lease_out = (unsigned)g_ascii_strtoull(pg_value(result, 0, "lease"), NULL, 10);
	return true;
}

/* Milliseconds until something is due, at most the limit. */
static int time_until_due(struct db_queue *queue, int limit)
{
	if (queue->is_urgent)
		return limit; /* it is due when somebody tells us */
	const struct pg_param params[] = {PG_TEXT(queue->server)};
	g_autoptr(PGresult) result =
	    ask_queue(queue, next_statement, G_N_ELEMENTS(params), params, NULL);

	if (!result || PQntuples(result) != 1 || !has_column_value(result, "milliseconds"))
		return limit;
	gint64 time = g_ascii_strtoll(pg_value(result, 0, "milliseconds"), NULL, 10);
	/* what is due and was not claimed (quiet hours, another worker) is no reason to spin */
	return time <= 0 ? MIN(limit, 1000) : (int)MIN(time, limit);
}

void db_queue_wait(struct db_queue *queue, int stop_fd, unsigned seconds)
{
	if (!queue->connection || !queue->is_listening) {
		set_listening(queue, true);
		if (queue->is_listening)
			return; /* nobody told us of what came until now: it is to be claimed first
				 */
	}
	int wait = time_until_due(queue, (int)seconds * 1000);
	struct pollfd events[] = {
	    {.fd = stop_fd, .events = POLLIN},
	    {.fd = queue->connection ? PQsocket(queue->connection) : -1, .events = POLLIN}};

	if (queue->connection && pg_connection_take_notices(queue->connection))
		return;
	poll(events, G_N_ELEMENTS(events), wait);
	if (queue->connection && !PQconsumeInput(queue->connection))
		g_clear_pointer(&queue->connection, pg_close);
	if (queue->connection)
		(void)pg_connection_take_notices(queue->connection);
}
