/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Several bodies on their way at the same time, each sent by https_post() in a thread of its own,
 * so that one that is not answered keeps no other waiting.
 */
#ifndef NET_HTTPS_POOL_H
#define NET_HTTPS_POOL_H

#include <glib.h>

#include "net/https.h"

struct posts;

/* What it points to lives until it is handed out again. */
struct post {
	struct https_request request;
	void *owner; /* whatever it is about */
	/* set when it has ended */
	struct https_answer answer; /* status 0: there was none, and error says why */
	GError *error;              /* the owner's */
	gint64 began;               /* microseconds of the monotonic clock */
	gint64 ended;
};

/* At most so many at a time; more wait for a thread. */
struct posts *posts_new(unsigned max);
/* When none is open any more; NULL does nothing. */
void posts_free(struct posts *posts);

/* Begins to send it. */
void posts_begin(struct posts *posts, struct post *post);
/* One that has ended, or does within so many microseconds; NULL: none. */
struct post *posts_await(struct posts *posts, guint64 microseconds)
    __attribute__((warn_unused_result));
/* How many were begun and not yet handed out. */
unsigned posts_open(const struct posts *posts);

#endif
