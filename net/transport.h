/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A connection as a stream of bytes, encrypted or not, of which every call ends in time.
 */
#ifndef NET_TRANSPORT_H
#define NET_TRANSPORT_H

#include <stdbool.h>

#include <glib.h>
#include <openssl/ssl.h>

struct transport;

enum { TRANSPORT_NOTHING = 0, TRANSPORT_BROKEN = -1 };

/* The seconds that a conversation has left once somebody has said to stop. */
enum { TRANSPORT_STOP_WAIT = 3 };

/* A moment of g_get_monotonic_time(), so many seconds from now. */
gint64 transport_deadline(unsigned seconds);

/* Tries each address of the host, each for so many seconds. NULL with the reason in
 * *fault_out, heap. Once the file descriptor stop_fd is readable (-1: none), here and in every
 * later call, all must be over in TRANSPORT_STOP_WAIT, whatever the deadlines say. */
struct transport *transport_connect(const char *host, const char *port, unsigned seconds,
				    int stop_fd, char **fault_out);
/* One that somebody else has opened; takes the file descriptor. */
struct transport *transport_adopt(int fd);
/* Says goodbye to TLS, not to SMTP. */
void transport_close(struct transport *transport);

/* From here on all is encrypted. False: it cannot be, and the transport is of no use any more;
 * *fault_out says why, heap. */
bool transport_start_tls(struct transport *transport, SSL_CTX *context, gint64 deadline,
			 char **fault_out);
bool transport_is_encrypted(const struct transport *transport);

/* Whether the deadline is over, or the time that stop_fd leaves. */
bool transport_is_late(struct transport *transport, gint64 deadline);

/* Waits until bytes may be there, or the file descriptor wake_fd is readable (-1: none). */
enum transport_event { TRANSPORT_TIME_OVER, TRANSPORT_READABLE, TRANSPORT_WOKEN };
enum transport_event transport_wait(struct transport *transport, int wake_fd, gint64 deadline);

/* Up to len bytes: how many; TRANSPORT_NOTHING if none came in time (deadline 0: none is there);
 * TRANSPORT_BROKEN if none will ever come. */
gssize transport_read(struct transport *transport, char *bytes, gsize len, gint64 deadline);
/* False: not all was written, and what was is not known. */
bool transport_write(struct transport *transport, const char *bytes, gsize len, gint64 deadline);

#endif
