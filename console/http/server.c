/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One thread of the library reads and writes for all connections. A request that is complete is
 * given to a pool of threads, its connection suspended meanwhile: the database may take its time.
 */
#include "console/http/server.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/error.h"
#include "base/log.h"
#include "console/http/deadlines.h"
#include "console/http/fields.h"
#include "console/http/reading.h"
#include "console/http/reply.h"
#include "console/http/turns.h"
#include "daemon/stop_flag.h"

enum {
	HEADER_MAX = 16384, /* bytes of memory for each connection: request line and header */
	QUEUE_MAX = 200,    /* complete requests that wait for a thread */
	TURNS_MAX = 50,     /* of one person, that wait for the one before */
	SPARE = 50,         /* connections that may come before one has been cut */
	IDLE_WAIT = 15,     /* seconds without any byte */
};

struct server {
	struct server_options options;
	struct MHD_Daemon *daemon;
	struct deadlines *deadlines;
	GThreadPool *threads;
	GThread *watch;
	struct stop_flag *stop; /* of the watch */
	GMutex gate;            /* nothing is given to threads that end */
	bool is_closed;
	struct turns *turns;
};

/* One request with its answer, from the first line to the last byte. */
struct exchange {
	struct server *server;
	struct MHD_Connection *connection;
	struct client *client;
	char *uri;
	GByteArray *body;
	unsigned refusal; /* a status; 0: none */
	bool is_begun;
	bool is_read;
	char *person;  /* whose turn it is or will be; NULL: nobody's */
	bool has_turn; /* which it has waited for */
	struct request request;
	struct response *response;
};

/* --- in a thread of the pool ------------------------------------------------------------------ */

/* False: it waits, and who is answered before it goes on with it; it is not ours any more. */
static bool take_turn(struct server *server, struct exchange *exchange)
{
	char *person = server->options.person(server->options.context, &exchange->request);

	if (!person)
		return true;
	exchange->person = person;
	switch (turns_take(server->turns, person, exchange)) {
	case TURNS_NOW:
		return true;
	case TURNS_LATER:
		return false;
	case TURNS_FULL:
		break;
	}
	g_clear_pointer(&exchange->person, g_free);
	exchange->refusal = MHD_HTTP_SERVICE_UNAVAILABLE;
	return true;
}

/* The next one is queued like any other, so that a person with many is not served before all. Once
 * the threads end, it is returned instead. */
static struct exchange *pass_turn(struct server *server, const char *person)
{
	struct exchange *next = turns_pass(server->turns, person);

	if (!next)
		return NULL;
	next->has_turn = true;
	g_mutex_lock(&server->gate);
	bool is_open = !server->is_closed;
	if (is_open)
		g_thread_pool_push(server->threads, next, NULL);
	g_mutex_unlock(&server->gate);
	return is_open ? NULL : next;
}

/* From here on the exchange is the library's. */
static void hand_back(struct server *server, struct exchange *exchange)
{
	deadlines_resume(server->deadlines, exchange->client);
	MHD_resume_connection(exchange->connection);
}

static struct exchange *respond(struct server *server, struct exchange *exchange)
{
	g_autofree char *person = g_steal_pointer(&exchange->person);

	if (!exchange->is_read)
		exchange->response = reply_refusal(MHD_HTTP_BAD_REQUEST);
	else if (exchange->refusal != 0)
		exchange->response = reply_refusal(exchange->refusal);
	else
		exchange->response =
		    server->options.handler(server->options.context, &exchange->request);
	hand_back(server, exchange);
	return person ? pass_turn(server, person) : NULL;
}

/* False: 400. */
static bool read_exchange(struct exchange *exchange)
{
	const struct server_options *options = &exchange->server->options;
	const struct reading reading = {.connection = exchange->connection,
					.uri = exchange->uri,
					.body = exchange->body,
					.user_header = options->user_header,
					.client_header = options->client_header};

	return reading_make(&reading, &exchange->request);
}

/* One that has waited for its turn comes here again, with it. */
static void answer_exchange(void *data, void *context)
{
	struct exchange *exchange = data;
	struct server *server = context;

	if (!exchange->has_turn) {
		exchange->is_read = read_exchange(exchange);
		if (exchange->is_read && !take_turn(server, exchange))
			return;
	}
	while (exchange)
		exchange = respond(server, exchange);
}

/* --- in the thread of the library ------------------------------------------------------------- */

static void *begin_exchange(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *exchange = g_new0(struct exchange, 1);
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	exchange->server = context;
	exchange->connection = connection;
	exchange->client = info->socket_context;
	exchange->uri = g_strdup(uri);
	exchange->body = g_byte_array_new();
	return exchange;
}

static void complete(void *context, struct MHD_Connection *connection, void **state,
		     enum MHD_RequestTerminationCode how)
{
	const struct server *server = context;
	struct exchange *exchange = *state;

	(void)connection;
	(void)how;
	if (!exchange)
		return;
	deadlines_resume(server->deadlines, exchange->client);
	request_clear(&exchange->request);
	response_free(exchange->response);
	g_byte_array_unref(exchange->body);
	g_free(exchange->uri);
	g_free(exchange);
	*state = NULL;
}

/* 0: it may go on. */
static unsigned request_objection(struct exchange *exchange, const char *method)
{
	const char *length = fields_first(exchange->connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *type = fields_first(exchange->connection, MHD_HTTP_HEADER_CONTENT_TYPE);
	bool is_read =
	    strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

	exchange->request.is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	if (!is_read && !exchange->request.is_post)
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	if (!fields_are_unmistakable(exchange->connection))
		return MHD_HTTP_BAD_REQUEST;
	if (!fields_have_length(exchange->connection))
		return MHD_HTTP_LENGTH_REQUIRED;
	if (!request_is_for(fields_first(exchange->connection, MHD_HTTP_HEADER_HOST),
			    exchange->server->options.hosts))
		return MHD_HTTP_MISDIRECTED_REQUEST;
	if (length && g_ascii_strtoull(length, NULL, 10) > exchange->server->options.body_max)
		return MHD_HTTP_CONTENT_TOO_LARGE;
	if (exchange->request.is_post &&
	    (!type || !g_str_has_prefix(type, MHD_HTTP_POST_ENCODING_FORM_URLENCODED)))
		return MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
	return 0;
}

static void take_request_body(struct exchange *exchange, const char *bytes, gsize len)
{
	if (exchange->refusal != 0)
		return;
	if (exchange->body->len + len > exchange->server->options.body_max ||
	    !exchange->request.is_post)
		exchange->refusal = MHD_HTTP_CONTENT_TOO_LARGE;
	else
		g_byte_array_append(exchange->body, (const guint8 *)bytes, (guint)len);
}

/* A request that is refused unread: the connection ends, its body may be long. */
static enum MHD_Result refuse_exchange(struct exchange *exchange, unsigned status)
{
	exchange->response = reply_refusal(status);
	return reply_send(exchange->connection, exchange->response,
			  exchange->server->options.is_https);
}

static enum MHD_Result hand_over_exchange(struct exchange *exchange)
{
	struct server *server = exchange->server;

	if (exchange->refusal == 0 && g_thread_pool_unprocessed(server->threads) >= QUEUE_MAX)
		exchange->refusal = MHD_HTTP_SERVICE_UNAVAILABLE;
	if (exchange->refusal != 0)
		return refuse_exchange(exchange, exchange->refusal);
	g_mutex_lock(&server->gate);
	bool is_open = !server->is_closed;
	if (is_open) {
		deadlines_suspend(server->deadlines, exchange->client);
		MHD_suspend_connection(exchange->connection);
		g_thread_pool_push(server->threads, exchange, NULL);
	}
	g_mutex_unlock(&server->gate);
	return is_open ? MHD_YES : refuse_exchange(exchange, MHD_HTTP_SERVICE_UNAVAILABLE);
}

/* Called with the header; with each piece of the body; when that is complete; and when the
 * connection goes on with the answer. */
static enum MHD_Result handle_request(void *context, struct MHD_Connection *connection,
				      const char *url, const char *method, const char *version,
				      const char *bytes, size_t *len, void **state)
{
	const struct server *server = context;
	struct exchange *exchange = *state;

	(void)url;
	(void)version;
	if (exchange->response)
		return reply_send(connection, exchange->response, server->options.is_https);
	if (!exchange->is_begun) {
		unsigned status = request_objection(exchange, method);

		exchange->is_begun = true;
		return status != 0 ? refuse_exchange(exchange, status) : MHD_YES;
	}
	if (*len == 0)
		return hand_over_exchange(exchange);
	take_request_body(exchange, bytes, *len);
	*len = 0;
	return MHD_YES;
}

static void track_client(void *context, struct MHD_Connection *connection, void **socket_context,
			 enum MHD_ConnectionNotificationCode code)
{
	const struct server *server = context;
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*socket_context = deadlines_enter(server->deadlines, info->connect_fd);
	else
		deadlines_leave(server->deadlines, *socket_context);
}

/* --- start and stop --------------------------------------------------------------------------- */

static void *watch_main(void *data)
{
	struct server *server = data;

	while (!stop_flag_wait(server->stop, G_USEC_PER_SEC / 4))
		deadlines_enforce(server->deadlines);
	return NULL;
}

static void log_library(void *context, const char *format, va_list arguments)
{
	(void)context;
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	log_event(LOG_LEVEL_DEBUG, "", "libmicrohttpd: %s", g_strchomp(text));
}

static struct MHD_Daemon *start_daemon(struct server *server)
{
	return MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
	    NULL, handle_request, server, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
	    MHD_OPTION_LISTEN_SOCKET, server->options.fd, MHD_OPTION_CONNECTION_LIMIT,
	    server->options.connections_max + SPARE, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)HEADER_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_WAIT,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, server,
	    MHD_OPTION_NOTIFY_COMPLETED, complete, server, MHD_OPTION_NOTIFY_CONNECTION,
	    track_client, server, MHD_OPTION_END);
}

static void free_server(struct server *server)
{
	deadlines_free(server->deadlines);
	stop_flag_free(server->stop);
	turns_free(server->turns);
	g_mutex_clear(&server->gate);
	g_free(server);
}

struct server *server_start(const struct server_options *options, GError **error)
{
	struct server *server = g_new0(struct server, 1);

	server->options = *options;
	g_mutex_init(&server->gate);
	server->stop = stop_flag_new();
	server->turns = turns_new(TURNS_MAX);
	server->deadlines = deadlines_new(options->connections_max, options->request_wait);
	server->threads =
	    g_thread_pool_new(answer_exchange, server, (gint)options->threads, FALSE, NULL);
	server->daemon = start_daemon(server);
	if (!server->daemon) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "the HTTP server does not start: %s",
			    g_strerror(errno));
		close(options->fd);
		g_thread_pool_free(server->threads, FALSE, TRUE);
		free_server(server);
		return NULL;
	}
	server->watch = g_thread_new("deadlines", watch_main, server);
	return server;
}

void server_stop(struct server *server)
{
	MHD_socket fd = MHD_quiesce_daemon(server->daemon);

	g_mutex_lock(&server->gate);
	server->is_closed = true;
	g_mutex_unlock(&server->gate);
	g_thread_pool_free(server->threads, FALSE, TRUE); /* no connection stays suspended */
	MHD_stop_daemon(server->daemon);
	if (fd != MHD_INVALID_SOCKET)
		close(fd);
	stop_flag_set(server->stop);
	g_thread_join(server->watch);
	free_server(server);
}
