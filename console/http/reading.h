/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is asked: from the library's connection to a request.
 */
#ifndef CONSOLE_HTTP_READING_H
#define CONSOLE_HTTP_READING_H

#include <stdbool.h>

#include "console/http/request.h"

struct MHD_Connection; /* of libmicrohttpd; console/http/fields.h uses it */

struct reading {
	struct MHD_Connection *connection;
	const char *uri; /* as it came, with the query */
	const GByteArray *body;
	const char *user_header; /* of a proxy: who it is; "": none */
	const char *client_header;
};

/* Fills all of the request but is_post. False: query or body are no form (400). Clear the request
 * in any case. */
bool reading_make(const struct reading *reading, struct request *request)
    __attribute__((warn_unused_result));

#endif
