/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A stack of idle connections (the one used last is the warmest), and a count of those
 * that exist. What db/checkout.h declares is here, too.
 */
#include "db/pool.h"

#include "base/error.h"
#include "db/checkout.h"

enum { CONNECT_WAIT = 5 }; /* seconds */

struct db_pool {
	char *conninfo; /* NULL: the connections are not ours to make */
	unsigned size;
	unsigned pool_wait;
	unsigned query_wait;
	bool watches_client;
	GMutex lock;
	GCond freed;
	GQueue idle;       /* PGconn */
	unsigned open;     /* idle and checked out */
	GHashTable *users; /* GThread -> gint64, since when: one connection for each thread */
	guint64 waits;
	guint64 timeouts; /* of those */
};

enum { ADOPTED_WAIT = 20 }; /* seconds, for the one connection */

struct db_pool *checkout_adopt(PGconn *connection, unsigned query_wait)
{
	const struct db_pool_options options = {
	    .size = 1, .pool_wait = ADOPTED_WAIT, .query_wait = query_wait};
	struct db_pool *pool = db_pool_new(&options);

	g_queue_push_head(&pool->idle, connection);
	pool->open = 1;
	return pool;
}

struct db_pool *db_pool_new(const struct db_pool_options *options)
{
	struct db_pool *pool = g_new0(struct db_pool, 1);

	pool->conninfo = g_strdup(options->conninfo);
	pool->size = options->size;
	pool->pool_wait = options->pool_wait;
	pool->query_wait = options->query_wait;
	pool->watches_client = options->watches_client;
	g_mutex_init(&pool->lock);
	g_cond_init(&pool->freed);
	g_queue_init(&pool->idle);
	pool->users = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	return pool;
}

void db_pool_free(struct db_pool *pool)
{
	if (!pool)
		return;
	for (PGconn *connection; (connection = g_queue_pop_head(&pool->idle)) != NULL;)
		pg_close(connection);
	g_hash_table_destroy(pool->users);
	g_cond_clear(&pool->freed);
	g_mutex_clear(&pool->lock);
	g_free(pool->conninfo);
	g_free(pool);
}

bool db_pool_is_lost(struct db_pool *pool)
{
	g_mutex_lock(&pool->lock);
	bool is_lost = !pool->conninfo && pool->open == 0;
	g_mutex_unlock(&pool->lock);
	return is_lost;
}

gint64 db_pool_longest_use(struct db_pool *pool)
{
	gint64 now = g_get_monotonic_time();
	gint64 longest = 0;
	GHashTableIter iter;
	gpointer since;

	g_mutex_lock(&pool->lock);
	g_hash_table_iter_init(&iter, pool->users);
	while (g_hash_table_iter_next(&iter, NULL, &since))
		longest = MAX(longest, now - *(const gint64 *)since);
	g_mutex_unlock(&pool->lock);
	return longest;
}

struct db_pool_figures db_pool_figures(struct db_pool *pool)
{
	g_mutex_lock(&pool->lock);
	const struct db_pool_figures figures = {.size = pool->size,
						.open = pool->open,
						.in_use = g_hash_table_size(pool->users),
						.waits = pool->waits,
						.timeouts = pool->timeouts};
	g_mutex_unlock(&pool->lock);
	return figures;
}

static bool has_free(const struct db_pool *pool)
{
	return pool->idle.length > 0 || pool->open < pool->size;
}

unsigned checkout_query_wait(const struct db_pool *pool)
{
	return pool->query_wait;
}

/* Sets *connection_out to an idle connection, or to NULL: one may be opened. False when
 * the time is up. */
static bool reserve(struct db_pool *pool, PGconn **connection_out)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)pool->pool_wait * G_USEC_PER_SEC;
	bool is_reserved = true;

	g_mutex_lock(&pool->lock);
	if (!has_free(pool))
		pool->waits++;
	while (is_reserved && !has_free(pool))
		is_reserved = g_cond_wait_until(&pool->freed, &pool->lock, deadline);
	if (!is_reserved)
		pool->timeouts++;
	if (is_reserved) {
		*connection_out = g_queue_pop_head(&pool->idle);
		if (!*connection_out)
			pool->open++;
		gint64 now = g_get_monotonic_time();
		g_hash_table_insert(pool->users, g_thread_self(), g_memdup2(&now, sizeof now));
	}
	g_mutex_unlock(&pool->lock);
	return is_reserved;
}

static void give_back_connection(struct db_pool *pool, PGconn *connection)
{
	g_mutex_lock(&pool->lock);
	g_hash_table_remove(pool->users, g_thread_self());
	if (connection)
		g_queue_push_head(&pool->idle, connection);
	else
		pool->open--;
	g_cond_signal(&pool->freed);
	g_mutex_unlock(&pool->lock);
}

/* Whatever ended one connection (a server that died, vanished or was demoted) has come over its
 * siblings too, and not every one of them shows it. */
static void close_idle(struct db_pool *pool)
{
	GQueue closing = G_QUEUE_INIT;

	g_mutex_lock(&pool->lock);
	for (PGconn *connection; (connection = g_queue_pop_head(&pool->idle)) != NULL;)
		g_queue_push_tail(&closing, connection);
	pool->open -= g_queue_get_length(&closing);
	g_cond_broadcast(&pool->freed);
	g_mutex_unlock(&pool->lock);
	for (PGconn *connection; (connection = g_queue_pop_head(&closing)) != NULL;)
		pg_close(connection);
}

static PGconn *open_connection(const struct db_pool *pool, GError **error)
{
	if (!pool->conninfo) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "the connection is lost");
		return NULL;
	}
	g_autoptr(PGconn) connection = pg_open(pool->conninfo, CONNECT_WAIT, error);

	if (!connection || !pg_limit_statements(connection, pool->query_wait, error))
		return NULL;
	if (pool->watches_client)
		pg_watch_client(connection, pool->query_wait);
	return g_steal_pointer(&connection);
}

PGconn *checkout_begin(struct db_pool *pool, GError **error)
{
	PGconn *connection = NULL;

	if (!reserve(pool, &connection)) {
		g_set_error(error, BM_ERROR, BM_ERROR_RETRY,
			    "database: none of %u connections became free in %u seconds",
			    pool->size, pool->pool_wait);
		return NULL;
	}
	if (connection && !pg_is_alive(connection))
		g_clear_pointer(&connection, pg_close);
	if (!connection)
		connection = open_connection(pool, error);
	if (!connection)
		give_back_connection(pool, NULL);
	return connection;
}

void checkout_end(struct db_pool *pool, PGconn *connection)
{
	if (!pg_is_usable(connection)) {
		close_idle(pool);
		g_clear_pointer(&connection, pg_close);
	}
	give_back_connection(pool, connection);
}
