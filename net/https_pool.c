/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pool of threads, each of which waits for libcurl, and a queue of what they have ended.
 */
#include "net/https_pool.h"

#include "base/secret.h"

struct posts {
	GThreadPool *pool;
	GAsyncQueue *ended;
	unsigned open;
};

/* In a thread of the pool. */
static void send_post(void *data, void *context)
{
	struct post *post = data;
	GAsyncQueue *ended = context;
	char *body = https_post(&post->request, &post->answer, &post->error);

	post->ended = g_get_monotonic_time();
	secret_free(body);
	g_async_queue_push(ended, post);
}

struct posts *posts_new(unsigned max)
{
	struct posts *posts = g_new0(struct posts, 1);

	posts->ended = g_async_queue_new();
	posts->pool = g_thread_pool_new(send_post, posts->ended, (int)max, FALSE, NULL);
	return posts;
}

void posts_free(struct posts *posts)
{
	if (!posts)
		return;
	g_thread_pool_free(posts->pool, FALSE, TRUE);
	g_async_queue_unref(posts->ended);
	g_free(posts);
}

void posts_begin(struct posts *posts, struct post *post)
{
	post->began = g_get_monotonic_time();
	posts->open++;
	/* where there is no new thread, it waits for one that is there */
	g_thread_pool_push(posts->pool, post, NULL);
}

struct post *posts_await(struct posts *posts, guint64 microseconds)
{
	struct post *post = g_async_queue_timeout_pop(posts->ended, microseconds);

	posts->open -= post ? 1 : 0;
	return post;
}

unsigned posts_open(const struct posts *posts)
{
	return posts->open;
}
