/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One connection to PostgreSQL: bounded waits, and errors put into the four
 * kinds of base/error.h.
 */
#include "db/pg.h"

#include <poll.h>
#include <string.h>

#include "base/error.h"
#include "db/pg_connection.h"

enum { PARAMS_MAX = 20 };

static const char read_only_state[] = "25006"; /* a standby, or a leader that was demoted */

/* Appendix A of the PostgreSQL manual, by class or whole code. */
static enum bm_error code_of_sqlstate(const char *state)
{
	static const char *const retry[] = {
	    "08",    /* connection exception */
	    "40",    /* transaction rollback: serialization failure, deadlock */
	    "53",    /* insufficient resources */
	    "55P03", /* lock not available */
	    "57",    /* operator intervention: shutdown, cancel, starting up */
	    "58",    /* system error: I/O */
	    "XX",    /* internal error */
	    read_only_state,
	};
	static const char *const input[] = {
	    "22", /* data exception */
	    "23", /* integrity constraint violation */
	    "54", /* program limit exceeded */
	};

	for (size_t i = 0; i < G_N_ELEMENTS(retry); i++)
		if (g_str_has_prefix(state, retry[i]))
			return BM_ERROR_RETRY;
	for (size_t i = 0; i < G_N_ELEMENTS(input); i++)
		if (g_str_has_prefix(state, input[i]))
			return BM_ERROR_INPUT;
	return BM_ERROR_CONFIG;
}

/* libpq's messages end in a line feed and may have several lines. */
static void set_pg_error(GError **error, enum bm_error code, const char *message)
{
	g_autofree char *text = g_strdup(message);

	g_set_error(error, BM_ERROR, (gint)code, "database: %s",
		    g_strdelimit(g_strstrip(text), "\r\n\t", ' '));
}

/* For the log of a daemon: people are told otherwise, by pg_error_for_people(). */
static const char rights_hint[] =
    "the account lacks rights; \"bouncectl db migrate\" gives the roles theirs back, \"bouncectl "
    "db create\" the accounts their roles";

static const char *hint_of(const PGresult *result, const char *state)
{
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);

	if (hint && *hint)
		return hint;
	return g_str_has_prefix(state, "42501") ? rights_hint : "";
}

/* set_result_error's text, as people read it. */
char *pg_error_for_people(const char *text)
{
	static const char mark[] = " (SQLSTATE ";
	const char *state = strstr(text, mark);
	const char *message =
	    g_str_has_prefix(text, "database: ") ? text + strlen("database: ") : text;

	if (!state || state < message)
		return g_strdup(text);
	const char *code = state + strlen(mark);
	const char *end = strchr(code, ')');
	const char *hint = end && g_str_has_prefix(end, "): ") ? end + strlen("): ") : "";
	g_autofree char *said = g_strndup(message, (gsize)(state - message));

	if (strcmp(hint, rights_hint) == 0)
		hint = "";

	if (*hint == '\0' && g_str_has_prefix(code, "42501"))
		hint = "The account has no role that may. bounce_clerk: tasks and blocks one by "
		       "one; bounce_operator: also outages, parameters and what is done to many; "
		       "bounce_admin: also keys, erasing and whose a process is";
	else if (*hint == '\0' &&
		 (g_str_has_prefix(code, "22007") || g_str_has_prefix(code, "22008")))
		hint = "A day is written as 2026-11-30.";
	else if (*hint == '\0' && (g_str_has_prefix(code, "42") || g_str_has_prefix(code, "3F")))
		hint = "Is the schema the one of this program? bouncectl db check";
	return g_strjoin(*hint != '\0' ? "\n" : "", said, hint, NULL);
}

bool pg_error_is_denied(const char *text)
{
	return strstr(text, " (SQLSTATE 42501)");
}

bool pg_error_is_late(const char *text)
{
	return strstr(text, " (SQLSTATE 57014)");
}

static void set_result_error(GError **error, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (!state) { /* made by libpq itself: the connection is gone */
		set_pg_error(error, BM_ERROR_UNCERTAIN, PQresultErrorMessage(result));
		return;
	}
	const char *hint = hint_of(result, state);
	g_autofree char *text = g_strdup_printf("%s (SQLSTATE %s)%s%s", message ? message : "error",
						state, *hint != '\0' ? ": " : "", hint);
	set_pg_error(error, code_of_sqlstate(state), text);
}

static void discard_notice(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

/* A connection string that cannot be read will never be reached. */
static bool is_readable(const char *conninfo, GError **error)
{
	char *complaint = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &complaint);

	if (!options)
		set_pg_error(error, BM_ERROR_CONFIG,
			     complaint ? complaint : "conninfo cannot be read");
	PQfreemem(complaint);
	PQconninfoFree(options);
	return options;
}

/* How to connect, as libpq wants it. */
struct connect_lists {
	char wait[16];
	const char *names[6];
	const char *values[6];
};

static void list_options(const char *conninfo, unsigned wait_seconds, struct connect_lists *lists)
{
	g_snprintf(lists->wait, sizeof lists->wait, "%u",
		   MAX(wait_seconds, 2)); /* libpq takes 1 for 2 */
	/* what stands before dbname conninfo may say otherwise; all text here is UTF-8, whatever
	 * the role or the environment has */
	memcpy(lists->names,
	       (const char *const[]){"connect_timeout", "fallback_application_name",
				     "tcp_user_timeout", "dbname", "client_encoding", NULL},
	       sizeof lists->names);
	memcpy(lists->values,
	       (const char *const[]){lists->wait, "bounce-milter", "30000", conninfo, "UTF8", NULL},
	       sizeof lists->values);
}

/* Goes on until the server accepts or refuses. True: it refuses. */
static bool poll_until_refused(PGconn *connection, gint64 deadline)
{
	for (;;) {
		PostgresPollingStatusType wanted = PQconnectPoll(connection);
		gint64 left = deadline - g_get_monotonic_time();
		struct pollfd event = {.fd = PQsocket(connection),
				       .events =
					   wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT};

		if (wanted == PGRES_POLLING_FAILED)
			return true;
		if (wanted == PGRES_POLLING_OK || left <= 0)
			return false;
		poll(&event, 1, (int)(left / 1000) + 1);
	}
}

/* The kind of the worst that passes: with several hosts, one that is starting up is reason
 * enough to wait. Without any SQLSTATE, nobody answered. */
static enum bm_error code_of_verbose(const char *message)
{
	g_autoptr(GRegex) states = g_regex_new("(?<=:  )([0-9A-Z]{5}): ", 0, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	enum bm_error code = BM_ERROR_RETRY;

	for (g_regex_match(states, message, 0, &match); g_match_info_matches(match);
	     g_match_info_next(match, NULL)) {
		g_autofree char *state = g_match_info_fetch(match, 1);

		/* 55000: the database takes no connections at the moment */
		code = g_str_equal(state, "55000") ? BM_ERROR_RETRY : code_of_sqlstate(state);
		if (code == BM_ERROR_RETRY)
			break;
	}
	return code;
}

/* A server that is starting up passes, a wrong password does not. Only the SQLSTATE tells them
 * apart in every language, and libpq shows it only where it was asked to before it connects
 * (PQsetErrorVerbosity), which PQconnectdbParams() leaves no time for: so we ask once more. */
static enum bm_error code_of_refusal(const char *conninfo, unsigned wait_seconds)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)wait_seconds * G_USEC_PER_SEC;
	struct connect_lists lists;

	list_options(conninfo, wait_seconds, &lists);
	g_autoptr(PGconn) again = PQconnectStartParams(lists.names, lists.values, 1);
	if (!again || PQstatus(again) == CONNECTION_BAD)
		return BM_ERROR_RETRY;
	PQsetErrorVerbosity(again, PQERRORS_VERBOSE);
	return poll_until_refused(again, deadline) ? code_of_verbose(PQerrorMessage(again))
						   : BM_ERROR_RETRY;
}

PGconn *pg_open(const char *conninfo, unsigned wait_seconds, GError **error)
{
	struct connect_lists lists;

	if (!is_readable(conninfo, error))
		return NULL;
	list_options(conninfo, wait_seconds, &lists);
	g_autoptr(PGconn) connection = PQconnectdbParams(lists.names, lists.values, 1);

	if (PQstatus(connection) != CONNECTION_OK) {
		set_pg_error(error, code_of_refusal(conninfo, wait_seconds),
			     PQerrorMessage(connection));
		return NULL;
	}
	PQsetNoticeReceiver(connection, discard_notice, NULL);
	/* a server that reads no more must not keep who sends it a large message */
	PQsetnonblocking(connection, 1);
	pg_connection_watch(connection);
	return g_steal_pointer(&connection);
}

/* What a statement may take: a little less than its answer is waited for. Heap. */
static char *statement_limit(unsigned wait_seconds)
{
	return g_strdup_printf("%ums", wait_seconds * 900);
}

/* Beside the limits: what the role or the database may have for a default, and we cannot do with.
 * jit compiles for seconds what then runs for milliseconds: over many partitions the planner
 * expects more than there is. transaction_timeout is of PostgreSQL 17. */
static const char session_statement[] =
    "SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('DateStyle', 'ISO', false), set_config('IntervalStyle', 'postgres', false),"
    " set_config('standard_conforming_strings', 'on', false),"
    " set_config('transform_null_equals', 'off', false), set_config('array_nulls', 'on', false),"
    " set_config('jit', 'off', false), set_config('idle_session_timeout', '0', false),"
    " set_config('idle_in_transaction_session_timeout', '0', false),"
    " CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL"
    " THEN set_config('transaction_timeout', '0', false) END,"
    " CASE WHEN current_setting('synchronous_commit') = 'off'"
    " THEN set_config('synchronous_commit', 'on', false) END";

/* A statement that nobody waits for any more would keep its backend, and its locks, for as long
 * as it likes. */
bool pg_limit_statements(PGconn *connection, unsigned wait_seconds, GError **error)
{
	g_autofree char *statement_timeout = statement_limit(wait_seconds);
	g_autofree char *lock_timeout = g_strdup_printf("%ums", wait_seconds * 800);
	const struct pg_param params[] = {PG_TEXT(statement_timeout), PG_TEXT(lock_timeout)};
	g_autoptr(PGresult) result = pg_query(connection, wait_seconds, session_statement,
					      G_N_ELEMENTS(params), params, error);

	return result;
}

bool pg_limit_time(PGconn *connection, unsigned wait_seconds, GError **error)
{
	g_autofree char *statement_timeout = statement_limit(wait_seconds);
	const struct pg_param params[] = {PG_TEXT(statement_timeout)};
	g_autoptr(PGresult) result =
	    pg_query(connection, wait_seconds, "SELECT set_config('statement_timeout', $1, false)",
		     G_N_ELEMENTS(params), params, error);

	return result;
}

void pg_watch_client(PGconn *connection, unsigned wait_seconds)
{
	g_autoptr(PGresult) result = pg_query(
	    connection, wait_seconds,
	    "SELECT set_config('client_connection_check_interval', '1s', false)", 0, NULL, NULL);
}

void pg_close(PGconn *connection)
{
	if (PQstatus(connection) == CONNECTION_OK &&
	    PQtransactionStatus(connection) == PQTRANS_ACTIVE)
		pg_connection_cancel(connection);
	PQfinish(connection);
}

bool pg_is_usable(const PGconn *connection)
{
	return PQstatus(connection) == CONNECTION_OK &&
	       PQtransactionStatus(connection) == PQTRANS_IDLE &&
	       !pg_connection_is_denied(connection);
}

bool pg_is_alive(PGconn *connection)
{
	struct pollfd event = {.fd = PQsocket(connection), .events = POLLIN};

	/* An idle server says nothing but good-bye. The rare other things it may
	 * say (a changed setting) cost one new connection. */
	return pg_is_usable(connection) && poll(&event, 1, 0) == 0;
}

/* Sends what the server has not taken yet, and waits until a result can be taken without
 * blocking. */
static bool wait_for_result(PGconn *connection, gint64 deadline, GError **error)
{
	int unsent = PQflush(connection);

	while (unsent > 0 || PQisBusy(connection)) {
		gint64 left = deadline - g_get_monotonic_time();
		struct pollfd event = {.fd = PQsocket(connection),
				       .events = unsent > 0 ? POLLIN | POLLOUT : POLLIN};

		if (left <= 0) {
			set_pg_error(error, BM_ERROR_UNCERTAIN, "no answer in time");
			return false;
		}
		if (poll(&event, 1, (int)(left / 1000) + 1) > 0 && !PQconsumeInput(connection)) {
			set_pg_error(error, BM_ERROR_UNCERTAIN, PQerrorMessage(connection));
			return false;
		}
		pg_connection_gather_notices(connection);
		if (unsent > 0)
			unsent = PQflush(connection);
	}
	return true;
}

/* What an error says of the connection that it came by. */
static void note_error(PGconn *connection, const PGresult *error)
{
	static const char *const of_preparing[] = {
	    "26000", /* it is not there, but on another server of a pooler */
	    "42P05", /* it was there already, from another client of a pooler */
	    "0A000", /* its result has other columns by now */
	};
	const char *state = PQresultErrorField(error, PG_DIAG_SQLSTATE);

	if (g_strcmp0(state, read_only_state) == 0)
		pg_connection_deny(connection);
	for (size_t i = 0; i < G_N_ELEMENTS(of_preparing); i++)
		if (g_strcmp0(state, of_preparing[i]) == 0)
			pg_connection_forbid_preparing(connection);
}

/* Everything up to ReadyForQuery; the last result but NULL counts, unless one is an error. */
static PGresult *collect_results(PGconn *connection, unsigned wait_seconds, GError **error)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)wait_seconds * G_USEC_PER_SEC;
	g_autoptr(PGresult) kept = NULL;

	for (;;) {
		if (!wait_for_result(connection, deadline, error))
			return NULL;
		g_autoptr(PGresult) next = PQgetResult(connection);
		if (!next)
			break;
		if (kept && PQresultStatus(kept) == PGRES_FATAL_ERROR)
			continue;
		g_clear_pointer(&kept, PQclear);
		kept = g_steal_pointer(&next);
	}
	if (!kept) {
		set_pg_error(error, BM_ERROR_UNCERTAIN, "no result");
		return NULL;
	}
	if (PQresultStatus(kept) == PGRES_FATAL_ERROR) {
		note_error(connection, kept);
		set_result_error(error, kept);
		return NULL;
	}
	if (PQstatus(connection) != CONNECTION_OK) {
		set_pg_error(error, BM_ERROR_UNCERTAIN, PQerrorMessage(connection));
		return NULL;
	}
	return g_steal_pointer(&kept);
}

/* The arrays that libpq wants. */
struct param_lists {
	const char *values[PARAMS_MAX];
	int lengths[PARAMS_MAX];
	int formats[PARAMS_MAX];
};

static void list_params(size_t count, const struct pg_param *params, struct param_lists *lists)
{
	for (size_t i = 0; i < count; i++) {
		lists->values[i] = params[i].value;
		lists->lengths[i] = (int)params[i].length;
		lists->formats[i] = params[i].is_binary;
	}
}

/* The answer to what was sent, unless it could not be sent. */
static PGresult *await_answer(PGconn *connection, unsigned wait_seconds, int is_sent,
			      GError **error)
{
	if (is_sent)
		return collect_results(connection, wait_seconds, error);
	set_pg_error(error, BM_ERROR_RETRY, PQerrorMessage(connection));
	return NULL;
}

PGresult *pg_query(PGconn *connection, unsigned wait_seconds, const char *statement,
		   size_t param_count, const struct pg_param *params, GError **error)
{
	struct param_lists lists;

	g_return_val_if_fail(param_count <= PARAMS_MAX, NULL);
	list_params(param_count, params, &lists);
	return await_answer(connection, wait_seconds,
			    PQsendQueryParams(connection, statement, (int)param_count, NULL,
					      lists.values, lists.lengths, lists.formats, 0),
			    error);
}

bool pg_prepare(PGconn *connection, unsigned wait_seconds, const char *name, const char *statement,
		GError **error)
{
	g_autoptr(PGresult) result = await_answer(
	    connection, wait_seconds, PQsendPrepare(connection, name, statement, 0, NULL), error);

	return result;
}

bool pg_send_prepared(PGconn *connection, const char *name, size_t param_count,
		      const struct pg_param *params, GError **error)
{
	struct param_lists lists;

	g_return_val_if_fail(param_count <= PARAMS_MAX, false);
	list_params(param_count, params, &lists);
	if (PQsendQueryPrepared(connection, name, (int)param_count, lists.values, lists.lengths,
				lists.formats, 0))
		return true;
	set_pg_error(error, BM_ERROR_RETRY, PQerrorMessage(connection));
	return false;
}

static PGresult *query_prepared(PGconn *connection, unsigned wait_seconds, const char *name,
				const char *statement, size_t param_count,
				const struct pg_param *params, GError **error)
{
	if (!pg_connection_has_prepared(connection, statement)) {
		if (!pg_prepare(connection, wait_seconds, name, statement, error))
			return NULL;
		pg_connection_note_prepared(connection, statement);
	}
	return pg_send_prepared(connection, name, param_count, params, error)
		   ? collect_results(connection, wait_seconds, error)
		   : NULL;
}

PGresult *pg_query_prepared(PGconn *connection, unsigned wait_seconds, const char *name,
			    const char *statement, size_t param_count,
			    const struct pg_param *params, GError **error)
{
	if (pg_connection_may_prepare(connection)) {
		g_autoptr(GError) refusal = NULL;
		PGresult *result = query_prepared(connection, wait_seconds, name, statement,
						  param_count, params, &refusal);
		if (result || pg_connection_may_prepare(connection)) {
			if (refusal)
				g_propagate_error(error, g_steal_pointer(&refusal));
			return result;
		}
	}
	return pg_query(connection, wait_seconds, statement, param_count, params, error);
}

PGresult *pg_receive(PGconn *connection, unsigned wait_seconds, GError **error)
{
	return collect_results(connection, wait_seconds, error);
}

bool pg_script(PGconn *connection, const char *script, GError **error)
{
	g_autoptr(PGresult) result = PQexec(connection, script);

	if (PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK)
		return true;
	if (!result)
		set_pg_error(error, BM_ERROR_UNCERTAIN, PQerrorMessage(connection));
	else
		set_result_error(error, result);
	return false;
}

const char *pg_value(const PGresult *result, int row, const char *column)
{
	int number = PQfnumber(result, column);

	return number < 0 ? "" : PQgetvalue(result, row, number);
}

bool pg_value_is_true(const PGresult *result, int row, const char *column)
{
	return strcmp(pg_value(result, row, column), "t") == 0;
}
