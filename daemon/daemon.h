/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The life of a daemon, the same for all: command line, settings, log, privileges,
 * background, pid file, waiting for the database, reload, stop. What one daemon does in
 * that life is in the functions that it gives to daemon_main.
 *
 *   read -> open -> [database answers] -> connect -> serve -> close
 *                                                    reload, at any time while it serves
 *
 * A service that can do without the database for a while serves at once, and connect is called
 * beside it.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "daemon/arguments.h"
#include "daemon/daemon_settings.h"

/* All functions fail with a code of base/error.h. settings is the daemon's own struct,
 * of settings_size bytes; its first member is struct daemon_settings. service is what
 * open has returned. */
struct daemon_program {
	const char *name; /* of the program, its configuration, and in the log */
	struct arguments_help help;
	const char *reloadable; /* what a reload reads again, for the log: "rules and log level" */
	size_t settings_size;

	/* Fills the struct, which is zero. clear follows also after a failure. */
	bool (*read)(const char *path, void *settings_out, GError **error);
	void (*clear)(void *settings);

	/* --check, before privileges are dropped. May be NULL. */
	void (*before_check)(void);
	/* --check: prints the lines of daemon/check.h. False if one of them is a fault. */
	bool (*check)(const void *settings);

	/* --once, in the foreground: does what there is to do now and returns the exit status;
	 * SIGTERM and SIGINT are its own business. Where help speaks of --once. */
	int (*once)(const void *settings);

	/* Everything that can fail for the configuration's sake, before the database is
	 * waited for: with BM_ERROR_CONFIG, if only a person can mend it. settings live longer than
	 * the service. */
	void *(*open)(const void *settings, GError **error);
	/* The database answers, and its schema is the right one. May be NULL. With
	 * BM_ERROR_RETRY or BM_ERROR_UNCERTAIN it is waited for further. */
	bool (*connect)(void *service, GError **error);
	/* Whether it may serve before connect has succeeded, which is then called in a thread
	 * of its own, even after a refusal for good. NULL: it may not. */
	bool (*can_wait)(void *service);
	/* Serves until SIGTERM or SIGINT, in a thread of its own; calls sd_notify_ready
	 * (daemon/sd_notify.h) when it does. */
	bool (*serve)(void *service, GError **error);
	/* Whether it still does its work, for the service manager's watchdog, which starts
	 * it anew if not. In a thread of its own. May be NULL. */
	bool (*is_working)(void *service);
	/* Takes what can change without a restart; the log level is set by the caller. A
	 * failure leaves everything as it was. Runs in a thread of its own. */
	bool (*reload)(void *service, const void *fresh_settings, GError **error);
	void (*close)(void *service);
};

/* Defines read_settings and clear_settings, which are NAME_settings_read and NAME_settings_clear
 * for a struct daemon_program: the same functions, called with the type of their settings. */
#define DAEMON_SETTINGS(name)                                                                      \
	static bool read_settings(const char *path, void *settings_out, GError **error)            \
	{                                                                                          \
		return name##_settings_read(path, settings_out, error);                            \
	}                                                                                          \
                                                                                                   \
	static void clear_settings(void *settings)                                                 \
	{                                                                                          \
		name##_settings_clear(settings);                                                   \
	}

/* The body of main(). Returns the exit status; EX_CONFIG where the configuration is at fault, so
 * that no service manager starts it again in vain. */
int daemon_main(const struct daemon_program *program, int argc, char **argv);

#endif
