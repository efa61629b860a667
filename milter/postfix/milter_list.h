/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The value of smtpd_milters and non_smtpd_milters, and where an entry of it leads.
 */
#ifndef MILTER_POSTFIX_MILTER_LIST_H
#define MILTER_POSTFIX_MILTER_LIST_H

#include <stdbool.h>

#include <glib.h>

/* What Postfix waits for: the answer to a message, to a command, and the connection. */
enum milter_timeout {
	MILTER_TIMEOUT_CONTENT,
	MILTER_TIMEOUT_COMMAND,
	MILTER_TIMEOUT_CONNECT,
	MILTER_TIMEOUTS
};
/* "content_timeout": the setting of an entry; "milter_" before it: the parameter. */
extern const char *const milter_list_timeout_names[MILTER_TIMEOUTS];

struct milter_entry {
	char *endpoint; /* "unix:bounce-milter/socket", "inet:localhost:8891" */
	/* of its own; NULL: that of the service */
	char *default_action, *protocol, *timeouts[MILTER_TIMEOUTS];
	char *unknown_option; /* one that Postfix does not know; NULL: none */
	bool is_open;         /* the brace before it is not closed */
};

/* Entries are separated by commas and blanks; one with settings is in braces. Release with
 * g_ptr_array_unref. */
GPtrArray *milter_list_parse(const char *value);

/* How a service of Postfix sees the file system. */
struct milter_view {
	const char *queue_directory; /* its working directory, and its root if it is chrooted */
	bool is_chrooted;
};

/* The file of a unix endpoint, as the service sees it; NULL for others. Heap. */
char *milter_list_path(const char *endpoint, const struct milter_view *view);
/* Whether the endpoint is our socket, which is named as libmilter has it. */
bool milter_list_leads_to(const char *endpoint, const char *socket, const struct milter_view *view);
/* Whether it is an address of the Internet, and of which family. */
bool milter_list_is_numeric(const char *endpoint, bool *is_ipv6_out);
/* What to write into main.cf to get to our socket. Heap. */
char *milter_list_endpoint(const char *socket, const struct milter_view *view);

/* A time as in "90" or "5m", in seconds. */
long milter_list_seconds(const char *time);

#endif
