/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of bounce-milter.conf, one row each.
 */
#include "base/settings.h"

#include <string.h>

#define TEXT(key, preset, words, text)                                                             \
	{                                                                                          \
		.name = #key, .type = CONFIG_TEXT, .offset = offsetof(struct settings, key),       \
		.default_value = preset, .allowed = words, .help = text                            \
	}
#define NUMBER(key, kind, preset, low, high, text)                                                 \
	{                                                                                          \
		.name = #key, .type = kind, .offset = offsetof(struct settings, key),              \
		.default_value = preset, .minimum = low, .maximum = high, .help = text             \
	}

static const struct config_key keys[] = {
    TEXT(socket, "inet:8891@127.0.0.1", NULL,
	 "where the MTA connects: unix:PATH or inet:PORT@HOST"),
    NUMBER(socket_mode, CONFIG_OCTAL, "660", 0, 0777, "permissions of a unix socket, octal"),
    TEXT(conninfo, NULL, NULL, "libpq connection string of the database"),
    TEXT(user, "", NULL, "account to run as when started by root"),
    TEXT(pid_file, "", NULL, "written at start, removed at stop; empty: none"),
    TEXT(rules_dir, "", NULL, "directory of the shipped *.rules; empty: beside the program"),
    TEXT(site_rules, "", NULL, "rule file of this site, read first; empty: none"),
    TEXT(log, "syslog", "syslog|stderr", "where to log"),
    TEXT(log_level, "info", "error|warning|info|debug", "how much to log"),
    TEXT(own_mta_daemon_name, "bounce-internal", NULL,
	 "value of the macro {daemon_name} that marks reports made by our own MTA"),
    NUMBER(pool_size, CONFIG_INTEGER, "4", 1, 100, "database connections"),
    NUMBER(pool_wait, CONFIG_INTEGER, "5", 0, 300, "seconds to wait for a free one"),
    NUMBER(query_wait, CONFIG_INTEGER, "15", 1, 300,
	   "seconds to wait for an answer of the database"),
    NUMBER(sessions_max, CONFIG_INTEGER, "200", 1, 10000,
	   "bounces being received at the same time"),
    NUMBER(message_bytes_max, CONFIG_INTEGER, "1048576", 65536, 67108864,
	   "bytes of a message that are read"),
};

const struct config_key *settings_keys(size_t *count_out)
{
	*count_out = G_N_ELEMENTS(keys);
	return keys;
}

bool settings_read(const char *path, struct settings *settings_out, GError **error)
{
	memset(settings_out, 0, sizeof *settings_out);
	return config_read(path, keys, G_N_ELEMENTS(keys), settings_out, error);
}

void settings_clear(struct settings *settings)
{
	config_clear(keys, G_N_ELEMENTS(keys), settings);
}

struct limits settings_limits(const struct settings *settings)
{
	struct limits limits = limits_default;

	limits.message_bytes = (size_t)settings->message_bytes_max;
	return limits;
}

enum log_level settings_log_level(const struct settings *settings)
{
	enum log_level level = LOG_LEVEL_INFO;

	log_level_parse(settings->log_level, &level);
	return level;
}

enum log_target settings_log_target(const struct settings *settings)
{
	enum log_target target = LOG_TARGET_SYSLOG;

	log_target_parse(settings->log, &target);
	return target;
}
