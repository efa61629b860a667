/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A connection as a stream of bytes, encrypted or not, of which every call ends in time.
 */
#ifndef NET_TRANSPORT_H
#define NET_TRANSPORT_H

#include <stdbool.h>

#include <glib.h>
#include <openssl/ssl.h>

struct wire;

enum { WIRE_NOTHING = 0, WIRE_BROKEN = -1 };

/* The seconds that a conversation has left once somebody has said to stop. */
enum { WIRE_STOP_WAIT = 3 };

/* A moment of g_get_monotonic_time(), so many seconds from now. */
gint64 wire_deadline(unsigned seconds);

/* Tries each address of the host, each for so many seconds. NULL with the reason in
 * *fault_out, heap. Once the file descriptor stop_fd is readable (-1: none), here and in every
 * later call, all must be over in WIRE_STOP_WAIT, whatever the deadlines say. */
struct wire *wire_connect(const char *host, const char *port, unsigned seconds, int stop_fd,
			  char **fault_out);
/* One that somebody else has opened; takes the file descriptor. */
struct wire *wire_adopt(int fd);
/* Says goodbye to TLS, not to SMTP. */
void wire_close(struct wire *wire);

/* From here on all is encrypted. False: it cannot be, and the wire is of no use any more;
 * *fault_out says why, heap. */
bool wire_start_tls(struct wire *wire, SSL_CTX *context, gint64 deadline, char **fault_out);
bool wire_is_encrypted(const struct wire *wire);

/* Whether the deadline is over, or the time that stop_fd leaves. */
bool wire_is_late(struct wire *wire, gint64 deadline);

/* Waits until bytes may be there, or the file descriptor wake_fd is readable (-1: none). */
enum wire_event { WIRE_TIME_OVER, WIRE_READABLE, WIRE_WOKEN };
enum wire_event wire_wait(struct wire *wire, int wake_fd, gint64 deadline);

/* Up to len bytes: how many; WIRE_NOTHING if none came in time (deadline 0: none is there);
 * WIRE_BROKEN if none will ever come. */
gssize wire_read(struct wire *wire, char *bytes, gsize len, gint64 deadline);
/* False: not all was written, and what was is not known. */
bool wire_write(struct wire *wire, const char *bytes, gsize len, gint64 deadline);

#endif
