/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A queue for each person who has a turn; it is there as long as one has.
 */
#include "console/http/turns.h"

struct turns {
	GMutex lock;
	unsigned waiting_max;
	GHashTable *queues; /* person -> GQueue of requests */
};

static void free_queue(void *queue)
{
	g_queue_free(queue);
}

struct turns *turns_new(unsigned waiting_max)
{
	struct turns *turns = g_new0(struct turns, 1);

	g_mutex_init(&turns->lock);
	turns->waiting_max = waiting_max;
	turns->queues = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_queue);
	return turns;
}

void turns_free(struct turns *turns)
{
	if (!turns)
		return;
	g_hash_table_unref(turns->queues);
	g_mutex_clear(&turns->lock);
	g_free(turns);
}

enum turns_place turns_take(struct turns *turns, const char *person, void *request)
{
	enum turns_place place = TURNS_NOW;

	g_mutex_lock(&turns->lock);
	GQueue *waiting = g_hash_table_lookup(turns->queues, person);
	if (!waiting) {
		g_hash_table_insert(turns->queues, g_strdup(person), g_queue_new());
	} else if (waiting->length < turns->waiting_max) {
		g_queue_push_tail(waiting, request);
		place = TURNS_LATER;
	} else {
		place = TURNS_FULL;
	}
	g_mutex_unlock(&turns->lock);
	return place;
}

void *turns_pass(struct turns *turns, const char *person)
{
	g_mutex_lock(&turns->lock);
	GQueue *waiting = g_hash_table_lookup(turns->queues, person);
	void *next = waiting ? g_queue_pop_head(waiting) : NULL;
	if (!next)
		g_hash_table_remove(turns->queues, person);
	g_mutex_unlock(&turns->lock);
	return next;
}
