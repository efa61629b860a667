/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys that the files of all daemons have in common.
 */
#include "daemon/daemon_settings.h"

static const struct config_key keys[] = {
    CONFIG_TEXT_KEY(daemon_settings, conninfo, NULL, NULL,
		    "libpq connection string of the database"),
    CONFIG_TEXT_KEY(daemon_settings, user, "", NULL, "account to run as when started by root"),
    CONFIG_TEXT_KEY(daemon_settings, pid_file, "", NULL,
		    "written at start, removed at stop; empty: none"),
    CONFIG_TEXT_KEY(daemon_settings, rules_dir, "", NULL,
		    "directory of the shipped *.rules; empty: beside the program"),
    CONFIG_TEXT_KEY(daemon_settings, site_rules, "", NULL,
		    "rule file of this site, read first; empty: none"),
    CONFIG_TEXT_KEY(daemon_settings, log, "syslog", "syslog|stderr", "where to log"),
    CONFIG_TEXT_KEY(daemon_settings, log_level, "info", "error|warning|info|debug",
		    "how much to log"),
    CONFIG_NUMBER_KEY(daemon_settings, query_wait, CONFIG_INTEGER, "15", 1, 300,
		      "seconds to wait for an answer from the database"),
};

struct config_section daemon_settings_section(struct daemon_settings *settings)
{
	return (struct config_section){keys, G_N_ELEMENTS(keys), settings};
}

enum log_level daemon_settings_log_level(const struct daemon_settings *settings)
{
	enum log_level level = LOG_LEVEL_INFO;

	log_level_parse(settings->log_level, &level);
	return level;
}

enum log_target daemon_settings_log_target(const struct daemon_settings *settings)
{
	enum log_target target = LOG_TARGET_SYSLOG;

	log_target_parse(settings->log, &target);
	return target;
}
