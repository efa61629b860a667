/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Several requests at the same time, each made by https_post() in a thread of its own, so that one
 * that is not answered keeps no other waiting.
 */
#ifndef NET_HTTPS_POOL_H
#define NET_HTTPS_POOL_H

#include <glib.h>

#include "net/https.h"

struct https_pool;

/* What it points to lives until it is handed out again. */
struct https_pool_post {
	struct https_request request;
	void *owner; /* whatever it is about */
	/* set when it has ended */
	struct https_answer answer; /* status 0: there was none, and error says why */
	GError *error;              /* the owner's */
	gint64 began;               /* microseconds of the monotonic clock */
	gint64 ended;
};

/* At most so many at a time; more wait for a thread. */
struct https_pool *https_pool_new(unsigned max);
/* When none is open any more; NULL does nothing. */
void https_pool_free(struct https_pool *pool);

/* Begins to send it. */
void https_pool_begin(struct https_pool *pool, struct https_pool_post *post);
/* One that has ended, or does within so many microseconds; NULL: none. */
struct https_pool_post *https_pool_await(struct https_pool *pool, guint64 microseconds)
    __attribute__((warn_unused_result));
/* How many were begun and not yet handed out. */
unsigned https_pool_open(const struct https_pool *pool);

#endif
