/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Waiting for the database at start: with nothing served, so that the MTA keeps its mail
 * instead of waiting for us, or in a thread of its own beside a service that can do without.
 */
#ifndef DAEMON_DATABASE_WAIT_H
#define DAEMON_DATABASE_WAIT_H

#include <stdbool.h>

#include <glib.h>

/* Waits that many seconds. True: the wait is over. */
typedef bool database_pause(void *context, unsigned seconds);

struct database_wait {
	const char *conninfo;
	/* A service serves meanwhile, and says itself that it is ready: there is no
	 * DATABASE_REFUSED. */
	bool is_beside;
	/* Called when the schema is current. A failure with BM_ERROR_RETRY or
	 * BM_ERROR_UNCERTAIN goes on waiting. */
	bool (*connect)(void *context, GError **error);
	void *context;
	database_pause *pause; /* between two tries */
	void *pause_context;
};

enum database_state {
	DATABASE_READY,
	DATABASE_REFUSED, /* BM_ERROR_CONFIG, BM_ERROR_INPUT: waiting would not help */
	DATABASE_STOPPED, /* pause said so */
};

/* error is set for DATABASE_REFUSED alone. */
enum database_state database_wait(const struct database_wait *wait, GError **error);

#endif
