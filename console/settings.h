/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The configuration of bounce-console.
 */
#ifndef CONSOLE_SETTINGS_H
#define CONSOLE_SETTINGS_H

#include <stdbool.h>

#include "daemon/settings.h"

struct console_settings {
	struct daemon_settings common;
	char *listen;
	long listen_mode;
	char *https; /* yes, no */
	char *user_header;
	char *client_header;
	char *hosts;
	long connections_max;
	long threads;
	long request_wait; /* seconds */
	long sessions_max;
	long session_idle; /* minutes */
	long session_hours;
};

bool console_settings_read(const char *path, struct console_settings *settings_out, GError **error)
    __attribute__((warn_unused_result));
void console_settings_clear(struct console_settings *settings);

bool console_settings_is_https(const struct console_settings *settings);

#endif
