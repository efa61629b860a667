/* SPDX-License-Identifier: BSD-2-Clause
 *
 * HTTP: requests come in complete, are answered by one of a few threads, and nobody who is slow
 * keeps anybody else waiting, nor does one who asks for much at once. The one door to
 * libmicrohttpd. Every answer carries the headers that forbid a browser what no page of ours needs:
 * scripts, frames, foreign hosts, keeping a copy.
 */
#ifndef CONSOLE_HTTP_SERVER_H
#define CONSOLE_HTTP_SERVER_H

#include "console/http/request.h"

/* Called in several threads at the same time. Never NULL. */
typedef struct response *server_handler(void *context, const struct request *request);

/* Whose requests are answered one after another: the name of whoever is logged in, heap; NULL:
 * nobody is. Called in several threads at the same time. */
typedef char *server_person(void *context, const struct request *request);

struct server_options {
	int fd; /* a socket that listens; the server takes it */
	unsigned connections_max;
	unsigned threads;          /* requests that are answered at the same time */
	gsize body_max;            /* bytes of a form */
	unsigned request_wait;     /* seconds for a request, and for an answer to be taken */
	bool is_https;             /* a proxy speaks TLS for us: browsers may insist on it */
	const char *user_header;   /* that a proxy names a person in, on a unix socket alone; "" */
	const char *client_header; /* that it names the client's address in; the same */
	const char *hosts;         /* names that requests may be for, see request_is_for */
	server_handler *handler;
	server_person *person;
	void *context;
};

struct server;

/* NULL with BM_ERROR_CONFIG; the socket is then closed. */
struct server *server_start(const struct server_options *options, GError **error)
    __attribute__((warn_unused_result));
/* Takes no more requests, and finishes those that it has; an answer may not reach its client. */
void server_stop(struct server *server);

#endif
