/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where an entry of a list of milters leads, "unix:bounce-milter/socket" or "inet:localhost:8891",
 * as a service of Postfix sees it that may be chrooted: whether to our socket.
 */
#ifndef MILTER_POSTFIX_ENDPOINT_H
#define MILTER_POSTFIX_ENDPOINT_H

#include <stdbool.h>

/* How a service of Postfix sees the file system. */
struct endpoint_view {
	const char *queue_directory; /* its working directory, and its root if it is chrooted */
	bool is_chrooted;
};

/* The file of a unix endpoint, as the service sees it; NULL for others. Heap. */
char *endpoint_path(const char *endpoint, const struct endpoint_view *view);
/* Whether the endpoint is our socket, which is named as libmilter has it. */
bool endpoint_leads_to(const char *endpoint, const char *socket, const struct endpoint_view *view);
/* Whether it is an address of the Internet, and of which family. */
bool endpoint_is_numeric(const char *endpoint, bool *is_ipv6_out);
/* What to write into main.cf to get to our socket. Heap. */
char *endpoint_of_socket(const char *socket, const struct endpoint_view *view);

#endif
