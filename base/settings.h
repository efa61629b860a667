/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The configuration file: only what is needed before the database is reached.
 * Everything else is a system parameter in the database.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <glib.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/log.h"

struct settings {
	char *socket;
	long socket_mode;
	char *conninfo;
	char *user;
	char *pid_file;
	char *rules_dir;
	char *site_rules;
	char *log;
	char *log_level;
	char *own_mta_daemon_name;
	long pool_size;
	long pool_wait;  /* seconds */
	long query_wait; /* seconds */
	long sessions_max;
	long message_bytes_max;
};

/* The keys in the order of the sample file; a test holds them against it and
 * against the man page. */
const struct config_key *settings_keys(size_t *count_out);

/* False with BM_ERROR_CONFIG naming file, line and key. Either way the struct
 * is to be cleared with settings_clear. */
bool settings_read(const char *path, struct settings *settings_out, GError **error)
    __attribute__((warn_unused_result));
void settings_clear(struct settings *settings);

struct limits settings_limits(const struct settings *settings);
enum log_level settings_log_level(const struct settings *settings);
enum log_target settings_log_target(const struct settings *settings);

typedef struct settings settings_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(settings_t, settings_clear)

#endif
