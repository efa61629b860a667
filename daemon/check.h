/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The output of --check: one line for each thing that was examined. A daemon goes on
 * after a fault, so that one run shows them all.
 */
#ifndef DAEMON_CHECK_H
#define DAEMON_CHECK_H

#include <stdbool.h>

#include <glib.h>

#include "daemon/daemon_settings.h"

/* Prints "FAULT", what and the error's message, or "ok", what and good where there is
 * no error. True if there is none. */
bool check_result(const char *what, const GError *error, const char *good);

/* Prints "FAULT", what and text. False. */
bool check_fault(const char *what, const char *text);
/* The same, of a format as printf has it. */
bool check_faultf(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints "warning", what and text: the daemon starts all the same. */
void check_warning(const char *what, const char *text);

/* The same, and a warning before it where there is something to object to. */
bool check_with_objection(const char *what, const char *objection, const GError *error,
			  const char *good);

/* What every daemon has on disk: its configuration, which config names, its pid file, and the
 * passwords of the database. */
bool check_files(const struct daemon_settings *settings, const char *config);

/* The result of connecting to the database and comparing its schema. */
bool check_database(const GError *error);

/* Warns where the clocks of this machine and of the database differ by more than a minute, where
 * months have no partitions, and where a crash loses what was committed; says nothing where the
 * database does not answer. */
void check_server_state(const char *conninfo);

/* Warns where conninfo names several hosts and a standby may be taken for the leader. */
void check_hosts(const char *conninfo);

/* Names a limit of connections that is below what the daemon opens; the key is what says how many.
 * False if it is a fault. */
bool check_room(const char *conninfo, long connections, const char *key);

#endif
