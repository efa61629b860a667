/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A bucket that leaks, for each key: the time until which it is filled (GCRA). One that is empty is
 * forgotten.
 */
#include "console/session/throttle.h"

struct throttle {
	struct throttle_limits limits;
	GMutex lock;
	GHashTable *filled; /* key -> gint64 */
};

struct throttle *throttle_new(const struct throttle_limits *limits)
{
	struct throttle *throttle = g_new0(struct throttle, 1);

	throttle->limits = *limits;
	g_mutex_init(&throttle->lock);
	throttle->filled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return throttle;
}

void throttle_free(struct throttle *throttle)
{
	if (!throttle)
		return;
	g_hash_table_destroy(throttle->filled);
	g_mutex_clear(&throttle->lock);
	g_free(throttle);
}

static gboolean is_empty_bucket(gpointer key, gpointer value, gpointer now)
{
	(void)key;
	return *(const gint64 *)value <= *(const gint64 *)now;
}

/* Under the lock. */
static bool fill_bucket(struct throttle *throttle, const char *key, gint64 now)
{
	gint64 *until = g_hash_table_lookup(throttle->filled, key);
	gint64 begin = until && *until > now ? *until : now;
	gint64 end = begin + throttle->limits.interval;

	if (end - now > (gint64)throttle->limits.tries * throttle->limits.interval)
		return false;
	if (!until && g_hash_table_size(throttle->filled) >= throttle->limits.keys_max)
		g_hash_table_foreach_remove(throttle->filled, is_empty_bucket, &now);
	if (!until && g_hash_table_size(throttle->filled) >= throttle->limits.keys_max)
		return false;
	g_hash_table_insert(throttle->filled, g_strdup(key), g_memdup2(&end, sizeof end));
	return true;
}

bool throttle_try(struct throttle *throttle, const char *key, gint64 now)
{
	g_mutex_lock(&throttle->lock);
	bool is_allowed = fill_bucket(throttle, key, now);
	g_mutex_unlock(&throttle->lock);
	return is_allowed;
}

void throttle_forgive(struct throttle *throttle, const char *key)
{
	g_mutex_lock(&throttle->lock);
	g_hash_table_remove(throttle->filled, key);
	g_mutex_unlock(&throttle->lock);
}
