/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The settings that every daemon has: a configuration file holds only what is needed
 * before the database is reached. Everything else is a system parameter in the database.
 */
#ifndef DAEMON_DAEMON_SETTINGS_H
#define DAEMON_DAEMON_SETTINGS_H

#include "base/config.h"
#include "base/log.h"

/* The first member of every daemon's own settings. */
struct daemon_settings {
	char *conninfo;
	char *user;
	char *pid_file;
	char *rules_dir;
	char *site_rules;
	char *log;
	char *log_level;
	long query_wait; /* seconds */
};

/* Its keys, as one section of a daemon's file. */
struct config_section daemon_settings_section(struct daemon_settings *settings);

enum log_level daemon_settings_log_level(const struct daemon_settings *settings);
enum log_target daemon_settings_log_target(const struct daemon_settings *settings);

#endif
