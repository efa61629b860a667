/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A bounded pool of database connections. Connections are opened when first
 * needed, dropped when broken, and opened again: a restart of the database or
 * another leader needs no restart here.
 */
#ifndef DB_POOL_H
#define DB_POOL_H

#include <stdbool.h>

#include <glib.h>

struct db_pool;

struct db_pool_options {
	const char *conninfo;
	unsigned size;       /* connections at most */
	unsigned pool_wait;  /* seconds to wait for a free one */
	unsigned query_wait; /* seconds to wait for an answer */
	bool watches_client; /* a statement is undone when its client is gone: pg_watch_client */
};

/* Copies what options points to; opens nothing yet. Free with db_pool_free when
 * no thread uses it any more. */
struct db_pool *db_pool_new(const struct db_pool_options *options);
void db_pool_free(struct db_pool *pool);

/* Whether its connection was not ours to make (db/people/login.h), and is lost: it cannot be used
 * any more. */
bool db_pool_is_lost(struct db_pool *pool);

/* Microseconds for which one connection, the one that is longest in use, has been so;
 * 0 if none is. Every use is bounded by query_wait, so more than that is a fault. */
gint64 db_pool_longest_use(struct db_pool *pool);

/* What the connections are doing, and how often there were too few since the start. */
struct db_pool_figures {
	unsigned size; /* connections at most */
	unsigned open; /* in use or idle */
	unsigned in_use;
	guint64 waits;    /* for a free one */
	guint64 timeouts; /* of those waits */
};
struct db_pool_figures db_pool_figures(struct db_pool *pool);

#endif
