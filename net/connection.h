/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A connection to a host, in the clear or by TLS: made, encrypted, read and written, each call in
 * its time.
 */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include <stdbool.h>

#include <glib.h>
#include <openssl/ssl.h>

struct connection;

enum { CONNECTION_NOTHING = 0, CONNECTION_BROKEN = -1 };

/* The seconds that a conversation has left once somebody has said to stop, if nothing would be
 * lost by ending it. */
enum { CONNECTION_STOP_WAIT = 3 };

/* Who says to stop, by making the file descriptor readable, and the seconds that are left then. */
struct connection_stop {
	int fd; /* -1: nobody */
	unsigned wait;
};

/* A moment of g_get_monotonic_time(), so many seconds from now. */
gint64 connection_deadline(unsigned seconds);

/* Tries each address of the host, each for so many seconds. NULL with the reason in
 * *fault_out, heap. Once somebody says to stop, here and in every later call, all must be over in
 * the time that stop leaves, whatever the deadlines say. */
struct connection *connection_connect(const char *host, const char *port, unsigned seconds,
				      struct connection_stop stop, char **fault_out);
/* One that somebody else has opened; takes the file descriptor. */
struct connection *connection_adopt(int fd);
/* Says goodbye to TLS, not to SMTP. */
void connection_close(struct connection *connection);

/* From here on all is encrypted. False: it cannot be, and the connection is of no use any more;
 * *fault_out says why, heap. */
bool connection_start_tls(struct connection *connection, SSL_CTX *context, gint64 deadline,
			  char **fault_out);
bool connection_is_encrypted(const struct connection *connection);

/* Whether the deadline is over, or the time that a stop leaves. */
bool connection_is_late(struct connection *connection, gint64 deadline);

/* Whether somebody has said to stop, as far as a call above or below has noticed. */
bool connection_is_stopping(const struct connection *connection);

/* Waits until bytes may be there, or the file descriptor wake_fd is readable (-1: none). */
enum connection_event { CONNECTION_TIME_OVER, CONNECTION_READABLE, CONNECTION_WOKEN };
enum connection_event connection_wait(struct connection *connection, int wake_fd, gint64 deadline);

/* Up to len bytes: how many; CONNECTION_NOTHING if none came in time (deadline 0: none is there);
 * CONNECTION_BROKEN if none will ever come. */
gssize connection_read(struct connection *connection, char *bytes, gsize len, gint64 deadline);
/* False: not all was written, and what was is not known. */
bool connection_write(struct connection *connection, const char *bytes, gsize len, gint64 deadline);

#endif
