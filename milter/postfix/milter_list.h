/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The value of smtpd_milters and non_smtpd_milters: its syntax.
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

/* A time as in "90" or "5m", in seconds. */
long milter_list_seconds(const char *time);

#endif
