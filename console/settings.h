/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The configuration of bounce-console.
 */
#ifndef CONSOLE_SETTINGS_H
#define CONSOLE_SETTINGS_H

#include <stdbool.h>

#include "daemon/daemon_settings.h"

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

/* All keys of the file; a test compares them with the sample file and the man page. */
struct config_sections console_settings_sections(struct console_settings *settings);

/* False with BM_ERROR_CONFIG. Clear the struct with console_settings_clear in either case. */
bool console_settings_read(const char *path, struct console_settings *settings_out, GError **error)
    __attribute__((warn_unused_result));
void console_settings_clear(struct console_settings *settings);

typedef struct console_settings console_settings_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(console_settings_t, console_settings_clear)

bool console_settings_is_https(const struct console_settings *settings);

#endif
