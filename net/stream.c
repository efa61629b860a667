/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One buffer, filled when it is empty.
 */
#include "net/stream.h"

#include "base/error.h"

enum { BUFFER_BYTES = 16384 };

struct stream {
	struct connection *connection;
	char buffer[BUFFER_BYTES];
	gsize start, end;
	gint64 deadline;
	char *fault;                  /* NULL: none */
	struct secret_filter *filter; /* NULL: nothing secret was said */
};

bool stream_fail(struct stream *stream, const char *format, ...)
{
	va_list args;

	if (stream->fault)
		return false;
	va_start(args, format);
	stream->fault = g_strdup_vprintf(format, args);
	va_end(args);
	return false;
}

const char *stream_fault(const struct stream *stream)
{
	return stream->fault;
}

bool stream_report(const struct stream *stream, GError **error)
{
	g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "%s", stream->fault);
	return false;
}

void stream_set_filter(struct stream *stream, struct secret_filter *filter)
{
	secret_filter_free(stream->filter);
	stream->filter = filter;
}

char *stream_shown(const struct stream *stream, const char *text)
{
	return secret_filter_show(stream->filter, text);
}

void stream_set_wait(struct stream *stream, unsigned seconds)
{
	stream->deadline = connection_deadline(seconds);
}

void stream_close(struct stream *stream)
{
	if (!stream)
		return;
	connection_close(stream->connection);
	secret_filter_free(stream->filter);
	g_free(stream->fault);
	g_free(stream);
}

/* --- connecting --------------------------------------------------------------------- */

static bool start_stream_tls(struct stream *stream, SSL_CTX *tls, unsigned seconds)
{
	g_autofree char *fault = NULL;

	return connection_start_tls(stream->connection, tls, connection_deadline(seconds),
				    &fault) ||
	       stream_fail(stream, "TLS: %s", fault);
}

struct stream *stream_connect(const struct stream_server *server, GError **error)
{
	g_autofree char *fault = NULL;
	const struct connection_stop stop = {server->stop_fd, CONNECTION_STOP_WAIT};
	struct connection *connection =
	    connection_connect(server->host, server->port, server->connect_wait, stop, &fault);

	if (!connection) {
		g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "cannot reach %s: %s", server->host,
			    fault);
		return NULL;
	}
	g_autoptr(stream_t) stream = g_new0(struct stream, 1);
	stream->connection = connection;
	stream_set_wait(stream, server->connect_wait);
	if (server->is_encrypted && !start_stream_tls(stream, server->tls, server->connect_wait)) {
		stream_report(stream, error);
		return NULL;
	}
	return g_steal_pointer(&stream);
}

struct stream *stream_adopt(int fd)
{
	struct stream *stream = g_new0(struct stream, 1);

	stream->connection = connection_adopt(fd);
	return stream;
}

bool stream_start_tls(struct stream *stream, SSL_CTX *tls, unsigned seconds)
{
	if (stream->fault)
		return false;
	if (stream->start < stream->end)
		return stream_fail(stream, "the server spoke before TLS began");
	return start_stream_tls(stream, tls, seconds);
}

/* --- bytes ---------------------------------------------------------------------------- */

/* deadline 0: what is there. CONNECTION_NOTHING is no fault yet. */
static gssize read_more(struct stream *stream, gint64 deadline)
{
	gssize count =
	    connection_read(stream->connection, stream->buffer, sizeof stream->buffer, deadline);

	if (count == CONNECTION_BROKEN)
		stream_fail(stream, "the connection was closed");
	stream->start = 0;
	stream->end = count > 0 ? (gsize)count : 0;
	return count;
}

static bool fill_stream(struct stream *stream)
{
	if (stream->start < stream->end)
		return true;
	if (stream->fault)
		return false;
	/* a server that sends a byte now and then must not keep us for ever */
	if (read_more(stream, stream->deadline) == CONNECTION_NOTHING ||
	    connection_is_late(stream->connection, stream->deadline))
		return stream_fail(stream, "no whole answer in time");
	return stream->end > 0;
}

int stream_peek(struct stream *stream)
{
	return fill_stream(stream) ? (guchar)stream->buffer[stream->start] : -1;
}

int stream_get(struct stream *stream)
{
	return fill_stream(stream) ? (guchar)stream->buffer[stream->start++] : -1;
}

gsize stream_take(struct stream *stream, gsize max, const char **bytes_out)
{
	if (!fill_stream(stream))
		return 0;
	gsize len = MIN(max, stream->end - stream->start);
	*bytes_out = stream->buffer + stream->start;
	stream->start += len;
	return len;
}

void stream_give_back(struct stream *stream, gsize count)
{
	stream->start -= count;
}

bool stream_write(struct stream *stream, const char *bytes, gsize len)
{
	return !stream->fault &&
	       (connection_write(stream->connection, bytes, len, stream->deadline) ||
		stream_fail(stream, "a command could not be sent"));
}

bool stream_is_silent(struct stream *stream)
{
	return stream->start == stream->end &&
	       (stream->fault || read_more(stream, 0) == CONNECTION_NOTHING);
}

/* TLS may have something to say of its own, which is nothing to us. */
enum connection_event stream_wait(struct stream *stream, int wake_fd, gint64 deadline)
{
	enum connection_event event = CONNECTION_READABLE;

	while (!stream->fault && stream->start == stream->end && event == CONNECTION_READABLE) {
		event = connection_wait(stream->connection, wake_fd, deadline);
		if (event == CONNECTION_READABLE)
			read_more(stream, 0);
	}
	return event;
}
