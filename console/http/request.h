/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A request that is complete, and what is answered.
 */
#ifndef CONSOLE_HTTP_REQUEST_H
#define CONSOLE_HTTP_REQUEST_H

#include <stdbool.h>
#include <stdio.h>

#include <glib.h>

#include "console/http/form.h"

struct request {
	bool is_post; /* else GET or HEAD */
	char *path;   /* as it was sent, without the query */
	struct form *query;
	struct form *body;      /* empty unless is_post */
	char *cookie;           /* the whole field; "" */
	char *language;         /* Accept-Language; "" */
	char *user;             /* that a proxy names; NULL: none, or nobody whom we believe */
	char *peer;             /* address of the client, also where a proxy names it; "unix" */
	bool is_from_elsewhere; /* the browser says that another site made it */
};

/* Of a session's cookie: its value; NULL where there is none, or two. Heap. */
char *request_cookie(const struct request *request, const char *name);

/* Whether a browser says that a form was sent from another site: Sec-Fetch-Site is neither
 * same-origin nor none, or the host of Origin is not Host. Any may be NULL. */
bool request_is_from_elsewhere(const char *fetch_site, const char *origin, const char *host);

/* Whether it can be the value of a field Host: a name or an address, and a port (RFC 9110, section
 * 7.2; RFC 3986, section 3.2). */
bool request_is_host(const char *value);

/* Whether the field Host, without its port, is one of those names, which blanks separate; of no
 * names: any is. NULL is none. */
bool request_is_for(const char *host, const char *names);

void request_clear(struct request *request);

struct response {
	unsigned status;
	const char *type; /* Content-Type, static */
	GString *body;
	char *location;     /* of a redirect; NULL else */
	GPtrArray *cookies; /* fields Set-Cookie; NULL: none */
	char *file_name;    /* for a download; NULL else */
	FILE *file;         /* the body instead, where it may be too long for memory; NULL else */
	bool may_be_kept;   /* by the browser: a file that is the same for everybody */
};

/* Takes the body. */
struct response *response_new(unsigned status, const char *type, GString *body);
/* A body that was written to a temporary file, as a download. Takes the file, and the name. */
struct response *response_download(const char *type, FILE *file, char *file_name);
/* 303: the browser asks for that address of ours. Takes it. */
struct response *response_redirect(char *location);
void response_add_cookie(struct response *response, char *field);
void response_free(struct response *response);

#endif
