/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A connection with a buffer, for protocols that are read byte by byte. The first fault stays:
 * every later call fails, so that a parser may ask at its end whether all went well.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>

#include <glib.h>

#include "net/connection.h"
#include "net/secret_filter.h"

struct stream;

struct stream_server {
	const char *host;
	const char *port;
	SSL_CTX *tls;
	bool is_encrypted;     /* TLS from the first byte on; else stream_start_tls */
	unsigned connect_wait; /* seconds, for each address, and for TLS */
	int stop_fd;           /* as connection_connect says; -1: none */
};

/* Connects. NULL with BM_ERROR_RETRY. */
struct stream *stream_connect(const struct stream_server *server, GError **error)
    __attribute__((warn_unused_result));
/* A connection that was accepted; takes the file descriptor. */
struct stream *stream_adopt(int fd);
void stream_close(struct stream *stream);

/* Fails where the server has said something that it was not asked for: it came in the clear, and
 * would be taken for what the verified server said. */
bool stream_start_tls(struct stream *stream, SSL_CTX *tls, unsigned seconds);

/* From now on everything must be over in so many seconds. */
void stream_set_wait(struct stream *stream, unsigned seconds);

/* The next byte, or -1 after a fault; stream_peek leaves it there. */
int stream_get(struct stream *stream);
int stream_peek(struct stream *stream);
/* Up to max bytes that lie together, at least one; valid until the next call. 0 after a fault. */
gsize stream_take(struct stream *stream, gsize max, const char **bytes_out);
/* The last count bytes of those that stream_take gave come again. */
void stream_give_back(struct stream *stream, gsize count);

bool stream_write(struct stream *stream, const char *bytes, gsize len);

/* Waits for the server to say something, as connection_wait; a fault counts as readable. */
enum connection_event stream_wait(struct stream *stream, int wake_fd, gint64 deadline);

/* Whether nothing has come that was not read. */
bool stream_is_silent(struct stream *stream);

/* From now on what the server says is shown without what the filter hides; takes it. */
void stream_set_filter(struct stream *stream, struct secret_filter *filter);
/* What the server said, for people. Heap. */
char *stream_shown(const struct stream *stream, const char *text);

/* Keeps the fault unless there is one. False, for the caller to return. */
bool stream_fail(struct stream *stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* NULL: none. */
const char *stream_fault(const struct stream *stream);
/* Sets BM_ERROR_RETRY with the fault. False. */
bool stream_report(const struct stream *stream, GError **error);

typedef struct stream stream_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(stream_t, stream_close)

#endif
