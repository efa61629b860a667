/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pool of threads, each of which waits for libcurl, and a queue of what they have ended.
 */
#include "net/https_pool.h"

#include "base/secret.h"

struct https_pool {
	GThreadPool *threads;
	GAsyncQueue *ended;
	unsigned open;
};

/* In a thread of the pool. */
static void send_post(void *data, void *context)
{
	struct https_pool_post *post = data;
	GAsyncQueue *ended = context;
	char *body = https_post(&post->request, &post->answer, &post->error);

	post->ended = g_get_monotonic_time();
	secret_free(body);
	g_async_queue_push(ended, post);
}

struct https_pool *https_pool_new(unsigned max)
{
	struct https_pool *pool = g_new0(struct https_pool, 1);

	pool->ended = g_async_queue_new();
	pool->threads = g_thread_pool_new(send_post, pool->ended, (int)max, FALSE, NULL);
	return pool;
}

void https_pool_free(struct https_pool *pool)
{
	if (!pool)
		return;
	g_thread_pool_free(pool->threads, FALSE, TRUE);
	g_async_queue_unref(pool->ended);
	g_free(pool);
}

void https_pool_begin(struct https_pool *pool, struct https_pool_post *post)
{
	post->began = g_get_monotonic_time();
	pool->open++;
	/* where there is no new thread, it waits for one that is there */
	g_thread_pool_push(pool->threads, post, NULL);
}

struct https_pool_post *https_pool_await(struct https_pool *pool, guint64 microseconds)
{
	struct https_pool_post *post = g_async_queue_timeout_pop(pool->ended, microseconds);

	pool->open -= post ? 1 : 0;
	return post;
}

unsigned https_pool_open(const struct https_pool *pool)
{
	return pool->open;
}
