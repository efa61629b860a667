/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How often a wrong password may be tried: a few times at once for each name and client address,
 * then one in a while; the same, with more, for each name and for each client address.
 */
#ifndef CONSOLE_SESSION_THROTTLE_H
#define CONSOLE_SESSION_THROTTLE_H

#include <stdbool.h>

#include <glib.h>

struct throttle;

struct throttle_limits {
	unsigned tries;    /* at once */
	gint64 interval;   /* microseconds for one more */
	unsigned keys_max; /* that are remembered; beyond them nobody may try */
};

struct throttle *throttle_new(const struct throttle_limits *limits);
void throttle_free(struct throttle *throttle);

/* Whether a try for that key is allowed at that time (monotonic, microseconds); it is counted then,
 * until throttle_forgive says that it was a good one. */
bool throttle_try(struct throttle *throttle, const char *key, gint64 now);
void throttle_forgive(struct throttle *throttle, const char *key);

#endif
