/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is answered, with the header fields that keep a browser from more than it should do.
 */
#ifndef CONSOLE_HTTP_REPLY_H
#define CONSOLE_HTTP_REPLY_H

#include <stdbool.h>

#include <microhttpd.h>

#include "console/http/request.h"

/* Queues it. is_https: browsers are told to keep to it. MHD_NO: the connection cannot go on. */
enum MHD_Result reply_send(struct MHD_Connection *connection, const struct response *response,
			   bool is_https);

/* The status alone, as text. */
struct response *reply_refusal(unsigned status);

#endif
