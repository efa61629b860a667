/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The listening thread. It reads the parameters again at each notification, at each new
 * connection, and every minute as a safety net.
 */
#include "db/parameters/parameter_cache.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "db/parameters/state_file.h"
#include "db/pg.h"
#include "db/pg_connection.h"

enum {
	QUERY_WAIT = 20,          /* seconds */
	REREAD_INTERVAL = 60,     /* seconds */
	RECONNECT_DELAY_MAX = 30, /* seconds */
};

static const char listen_statement[] = "LISTEN bounce_parameter";
static const char settings_statement[] =
    "SELECT array_to_string(m.bounce_domain, ' ') AS bounce_domain, m.operator_mailbox, "
    "  t.refuse_bad_token, t.return_path_prefix, t.keys "
    "FROM bounce.milter_settings() AS m CROSS JOIN bounce.token_settings() AS t";

struct parameter_cache {
	char *conninfo;
	char *state_file; /* "" for none */
	int stop_fd;      /* eventfd: readable once the thread is to end */
	GThread *thread;
	PGconn *connection; /* of the thread alone; NULL while the database is away */
	GMutex lock;
	struct db_parameters *parameters; /* under lock; NULL: not known yet */
	gint is_current;                  /* atomic */
	gint is_confirmed;                /* atomic */
};

static struct db_parameters *read_parameters(PGconn *connection, GError **error)
{
	g_autoptr(PGresult) row =
	    pg_query(connection, QUERY_WAIT, settings_statement, 0, NULL, error);

	if (!row)
		return NULL;
	if (PQntuples(row) != 1) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    "database: bounce.milter_settings() answered %d rows, not 1",
			    PQntuples(row));
		return NULL;
	}
	const struct db_parameter_texts texts = {
	    .bounce_domains = pg_value(row, 0, "bounce_domain"),
	    .operator_mailbox = pg_value(row, 0, "operator_mailbox"),
	    .refuse_bad_token = pg_value_is_true(row, 0, "refuse_bad_token"),
	    .return_path_prefix = pg_value(row, 0, "return_path_prefix"),
	    .token_keys = pg_value(row, 0, "keys")};
	return db_parameters_new(&texts);
}

/* Without it the next start waits for the database with its socket closed. */
static void keep(const struct parameter_cache *cache, const struct db_parameters *parameters)
{
	g_autoptr(GError) error = NULL;

	if (*cache->state_file == '\0' || !parameters->bounce_domains[0])
		return;
	if (!state_file_write(cache->state_file, parameters, &error))
		log_event(LOG_LEVEL_WARNING, "", "state_file: not written: %s", error->message);
}

static bool refresh(struct parameter_cache *cache, GError **error)
{
	struct db_parameters *fresh = read_parameters(cache->connection, error);

	if (!fresh)
		return false;
	if (pg_connection_is_read_only(cache->connection)) {
		g_set_error(error, BM_ERROR, BM_ERROR_RETRY,
			    "database: the server is read-only: a standby, or no leader any more");
		db_parameters_unref(fresh);
		return false;
	}
	keep(cache, fresh);
	g_mutex_lock(&cache->lock);
	struct db_parameters *old = cache->parameters;
	cache->parameters = fresh;
	g_atomic_int_set(&cache->is_current, 1);
	g_mutex_unlock(&cache->lock);
	log_event(LOG_LEVEL_DEBUG, "", "parameters read");
	g_clear_pointer(&old, db_parameters_unref);
	return true;
}

static bool connect_and_refresh(struct parameter_cache *cache, GError **error)
{
	cache->connection = pg_open(cache->conninfo, QUERY_WAIT, error);
	if (!cache->connection)
		return false;
	g_autoptr(PGresult) listening =
	    pg_query(cache->connection, QUERY_WAIT, listen_statement, 0, NULL, error);
	if (listening && refresh(cache, error))
		return true;
	g_clear_pointer(&cache->connection, PQfinish);
	return false;
}

/* Sleeps until something happens or the time is up. False: stop. */
static bool wait_for_event(struct parameter_cache *cache, unsigned seconds)
{
	struct pollfd events[] = {
	    {.fd = cache->stop_fd, .events = POLLIN},
	    {.fd = cache->connection ? PQsocket(cache->connection) : -1, .events = POLLIN}};

	poll(events, G_N_ELEMENTS(events), (int)seconds * 1000);
	return (events[0].revents & POLLIN) == 0;
}

/* Listens until the connection breaks (true) or the thread is to stop (false). */
static bool listen_on(struct parameter_cache *cache, GError **error)
{
	gint64 reread_at = g_get_monotonic_time() + REREAD_INTERVAL * G_USEC_PER_SEC;

	for (;;) {
		/* while they were read, perhaps */
		bool has_changed = pg_connection_take_notices(cache->connection);

		if (!wait_for_event(cache, has_changed ? 0 : REREAD_INTERVAL))
			return false;
		if (!PQconsumeInput(cache->connection)) {
			g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "database: %s",
				    g_strstrip(PQerrorMessage(cache->connection)));
			return true;
		}
		has_changed |= pg_connection_take_notices(cache->connection);
		if (!has_changed && g_get_monotonic_time() < reread_at)
			continue;
		reread_at = g_get_monotonic_time() + REREAD_INTERVAL * G_USEC_PER_SEC;
		if (!refresh(cache, error))
			return true;
	}
}

static void *cache_main(void *data)
{
	struct parameter_cache *cache = data;
	unsigned delay = 1;

	for (;;) {
		g_autoptr(GError) error = NULL;

		if (!cache->connection && connect_and_refresh(cache, &error)) {
			log_event(LOG_LEVEL_INFO, "", "database reached again");
			delay = 1;
		}
		if (cache->connection && !listen_on(cache, &error))
			return NULL;
		g_atomic_int_set(&cache->is_current, 0);
		g_clear_pointer(&cache->connection, PQfinish);
		log_event(LOG_LEVEL_WARNING, "", "%s; next try in %u s", error->message, delay);
		if (!wait_for_event(cache, delay))
			return NULL;
		delay = MIN(delay * 2, RECONNECT_DELAY_MAX);
	}
}

static struct db_parameters *read_kept(const char *state_file)
{
	g_autoptr(GError) error = NULL;
	struct db_parameters *parameters =
	    *state_file == '\0' ? NULL : state_file_read(state_file, &error);

	if (error && error->code != BM_ERROR_RETRY)
		log_event(LOG_LEVEL_WARNING, "", "state_file: not used: %s", error->message);
	return parameters;
}

struct parameter_cache *parameter_cache_new(const char *conninfo, const char *state_file)
{
	struct parameter_cache *cache = g_new0(struct parameter_cache, 1);

	g_mutex_init(&cache->lock);
	cache->conninfo = g_strdup(conninfo);
	cache->state_file = g_strdup(state_file);
	cache->stop_fd = eventfd(0, EFD_CLOEXEC);
	cache->parameters = read_kept(state_file);
	return cache;
}

bool parameter_cache_connect(struct parameter_cache *cache, GError **error)
{
	if (!connect_and_refresh(cache, error))
		return false;
	g_atomic_int_set(&cache->is_confirmed, 1);
	cache->thread = g_thread_new("parameters", cache_main, cache);
	return true;
}

void parameter_cache_free(struct parameter_cache *cache)
{
	if (!cache)
		return;
	if (cache->thread) {
		eventfd_write(cache->stop_fd, 1);
		g_thread_join(cache->thread);
	}
	close(cache->stop_fd);
	g_clear_pointer(&cache->connection, PQfinish);
	g_clear_pointer(&cache->parameters, db_parameters_unref);
	g_mutex_clear(&cache->lock);
	g_free(cache->conninfo);
	g_free(cache->state_file);
	g_free(cache);
}

bool parameter_cache_is_known(struct parameter_cache *cache)
{
	g_mutex_lock(&cache->lock);
	bool is_known = cache->parameters;
	g_mutex_unlock(&cache->lock);
	return is_known;
}

bool parameter_cache_is_confirmed(struct parameter_cache *cache)
{
	return g_atomic_int_get(&cache->is_confirmed) != 0;
}

struct db_parameters *parameter_cache_get(struct parameter_cache *cache)
{
	g_mutex_lock(&cache->lock);
	struct db_parameters *parameters = g_atomic_rc_box_acquire(cache->parameters);
	g_mutex_unlock(&cache->lock);
	return parameters;
}

bool parameter_cache_is_current(struct parameter_cache *cache)
{
	return g_atomic_int_get(&cache->is_current) != 0;
}
