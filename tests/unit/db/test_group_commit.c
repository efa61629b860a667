/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reports of many threads that share statements, on a real PostgreSQL (tests/check.pl has set
 * PGHOST and the rest) with functions that only pretend to record: each thread hears of its own
 * report, one that is poisoned fails alone, and leaders that are held up hold up nobody else.
 */
#include <string.h>

#include "base/error.h"
#include "db/checkout.h"
#include "db/group_commit.h"
#include "tests/unit/db/server.h"

enum { THREADS = 24 };

static const char conninfo[] = "dbname=recorder";

/* What a report says is done: "poison" is refused, "alone" is left by a call for several, "kill"
 * ends the connection, once; "hold" waits for whoever has the lock. */
static const char pretended[] =
    "CREATE SCHEMA bounce;"
    "CREATE TABLE bounce.recorded (n bigint PRIMARY KEY, xid xid8 DEFAULT pg_current_xact_id());"
    "CREATE SEQUENCE bounce.kills;"
    "CREATE TYPE bounce.report_result AS (bounce_message_id bigint, disposition text,"
    "  duplicate boolean, forward_to text, class text, reason text, bounce_id bigint,"
    "  communication_id bigint, trust text, consequence text, task_id bigint);"
    "CREATE FUNCTION bounce.record_report(report jsonb, raw bytea) RETURNS bounce.report_result"
    "  LANGUAGE plpgsql AS $$"
    "DECLARE n bigint := report ->> 'n'; does text := report ->> 'does';"
    "BEGIN"
    "  IF does = 'poison' THEN RAISE check_violation; END IF;"
    "  IF does = 'hold' THEN PERFORM pg_advisory_xact_lock_shared(4711); END IF;"
    "  IF does = 'kill' AND nextval('bounce.kills') = 1 THEN"
    "    PERFORM pg_terminate_backend(pg_backend_pid()); END IF;"
    "  INSERT INTO bounce.recorded VALUES (n) ON CONFLICT DO NOTHING;"
    "  RETURN (n, 'discard', NOT FOUND, NULL, 'hard', convert_from(raw, 'UTF8'), n, n, 'token', '',"
    "          NULL)::bounce.report_result;"
    "END $$;"
    "CREATE FUNCTION bounce.record_reports(reports jsonb[], raws bytea[])"
    "  RETURNS SETOF bounce.report_result LANGUAGE plpgsql AS $$"
    "BEGIN"
    "  FOR i IN 1 .. cardinality(reports) LOOP"
    "    IF reports[i] ->> 'does' = 'alone' THEN"
    "      RETURN NEXT NULL::bounce.report_result;"
    "    ELSE"
    "      RETURN NEXT bounce.record_report(reports[i], raws[i]);"
    "    END IF;"
    "  END LOOP;"
    "END $$";

static gint64 number(PGconn *connection, const char *statement)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PGresult) result = pg_query(connection, 5, statement, 0, NULL, &error);

	g_assert_no_error(error);
	return g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
}

/* --- threads -------------------------------------------------------------------------------- */

struct caller {
	struct db_group_commit *recorder;
	unsigned n;
	const char *does;
	struct db_record_result result;
	GError *error;
	GThread *thread;
};

static void *record(void *data)
{
	struct caller *caller = data;
	g_autofree char *document =
	    g_strdup_printf("{\"n\": %u, \"does\": \"%s\"}", caller->n, caller->does);
	g_autofree char *raw = g_strdup_printf("mail %u", caller->n);
	const struct db_report report = {.document = document, .raw = raw, .raw_len = strlen(raw)};
	bool is_recorded =
	    db_group_commit_record(caller->recorder, &report, &caller->result, &caller->error);

	g_assert_cmpint(is_recorded, ==, caller->error == NULL);
	return NULL;
}

static void begin(struct caller *caller)
{
	caller->thread = g_thread_new("caller", record, caller);
}

/* Its own outcome, and no other. */
static void assert_own(const struct caller *caller)
{
	g_autofree char *id = g_strdup_printf("%u", caller->n);
	g_autofree char *raw = g_strdup_printf("mail %u", caller->n);

	g_assert_no_error(caller->error);
	g_assert_cmpstr(caller->result.bounce_id, ==, id);
	g_assert_cmpstr(caller->result.reason, ==, raw);
}

static void clear(struct caller *caller)
{
	db_record_result_clear(&caller->result);
	g_clear_error(&caller->error);
}

static void end(struct caller *caller)
{
	g_thread_join(caller->thread);
	if (strcmp(caller->does, "poison") == 0)
		g_assert_error(caller->error, BM_ERROR, BM_ERROR_INPUT);
	else
		assert_own(caller);
	clear(caller);
}

/* --- tests ---------------------------------------------------------------------------------- */

struct stage {
	PGconn *observer;
	struct db_pool *pool;
	struct db_group_commit *recorder;
};

static void open_stage(struct stage *stage, unsigned pool_size)
{
	const struct db_pool_options options = {
	    .conninfo = conninfo, .size = pool_size, .pool_wait = 30, .query_wait = 30};
	g_autoptr(PGconn) owner = server_connect("dbname=postgres");

	server_run(owner, "DROP DATABASE IF EXISTS recorder");
	server_run(owner, "CREATE DATABASE recorder");
	stage->observer = server_connect(conninfo);
	server_run(stage->observer, pretended);
	stage->pool = db_pool_new(&options);
	stage->recorder = db_group_commit_new(stage->pool);
}

static void close_stage(struct stage *stage)
{
	g_autoptr(PGconn) owner = server_connect("dbname=postgres");

	db_group_commit_free(stage->recorder);
	db_pool_free(stage->pool);
	PQfinish(stage->observer);
	server_run(owner, "DROP DATABASE recorder");
}

/* As many that come at once, those with the given numbers as they are told. */
static void run_round(struct stage *stage, const char *const *does, size_t does_count)
{
	struct caller callers[THREADS];

	server_run(stage->observer,
		   "TRUNCATE bounce.recorded; ALTER SEQUENCE bounce.kills RESTART");
	for (unsigned i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){
		    .recorder = stage->recorder, .n = i, .does = i < does_count ? does[i] : ""};
		begin(&callers[i]);
	}
	for (unsigned i = 0; i < THREADS; i++)
		end(&callers[i]);
}

static bool has_shared(struct stage *stage)
{
	return number(stage->observer, "SELECT count(*) - count(DISTINCT xid) "
				       "FROM bounce.recorded") > 0;
}

/* Rounds until statements were shared: how many meet is up to the scheduler. */
static void run_until_shared(const char *const *does, size_t does_count, gint64 recorded)
{
	struct stage stage;

	open_stage(&stage, 4);
	do {
		run_round(&stage, does, does_count);
		g_assert_cmpint(number(stage.observer, "SELECT count(*) FROM bounce.recorded"), ==,
				recorded);
	} while (!has_shared(&stage));
	close_stage(&stage);
}

static void test_own_outcome(void)
{
	run_until_shared(NULL, 0, THREADS);
}

static void test_left_alone(void)
{
	static const char *const does[] = {"alone", "", "alone", "alone"};

	run_until_shared(does, G_N_ELEMENTS(does), THREADS);
}

static void test_poison(void)
{
	static const char *const does[] = {"", "", "", "poison"};

	run_until_shared(does, G_N_ELEMENTS(does), THREADS - 1);
}

static void test_killed(void)
{
	static const char *const does[] = {"", "", "kill"};

	run_until_shared(does, G_N_ELEMENTS(does), THREADS);
}

/* All leaders wait for a lock; others are recorded all the same. */
static void test_leaders_held_up(void)
{
	struct caller held[4];
	struct caller other = {.n = 99, .does = ""};
	struct stage stage;

	open_stage(&stage, G_N_ELEMENTS(held) + 1);
	server_run(stage.observer, "SELECT pg_advisory_lock(4711)");
	for (unsigned i = 0; i < G_N_ELEMENTS(held); i++) {
		held[i] = (struct caller){.recorder = stage.recorder, .n = i, .does = "hold"};
		begin(&held[i]);
		while (number(stage.observer, "SELECT count(*) FROM pg_locks WHERE NOT granted AND "
					      "locktype = 'advisory'") < (gint64)i + 1)
			g_usleep(1000); /* ends with the test's own limit */
	}
	other.recorder = stage.recorder;
	record(&other);
	assert_own(&other);
	clear(&other);
	server_run(stage.observer, "SELECT pg_advisory_unlock(4711)");
	for (unsigned i = 0; i < G_N_ELEMENTS(held); i++)
		end(&held[i]);
	close_stage(&stage);
}

static void test_no_database(void)
{
	const struct db_pool_options options = {
	    .conninfo = "host=/nonexistent", .size = 2, .pool_wait = 5, .query_wait = 5};
	struct db_pool *pool = db_pool_new(&options);
	struct db_group_commit *recorder = db_group_commit_new(pool);
	struct caller callers[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){.recorder = recorder, .n = i, .does = ""};
		begin(&callers[i]);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		g_thread_join(callers[i].thread);
		g_assert_error(callers[i].error, BM_ERROR, BM_ERROR_RETRY);
		clear(&callers[i]);
	}
	db_group_commit_free(recorder);
	db_pool_free(pool);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/group_commit/own-outcome", test_own_outcome);
	g_test_add_func("/group_commit/left-alone", test_left_alone);
	g_test_add_func("/group_commit/poison", test_poison);
	g_test_add_func("/group_commit/killed", test_killed);
	g_test_add_func("/group_commit/leaders-held-up", test_leaders_held_up);
	g_test_add_func("/group_commit/no-database", test_no_database);
	return g_test_run();
}
