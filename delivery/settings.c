/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of bounce-delivery.conf, one row each.
 */
#include "delivery/settings.h"

#include <string.h>

#include "base/error.h"

#define TEXT(key, preset, words, text)                                                             \
	{                                                                                          \
		.name = #key, .type = CONFIG_TEXT,                                                 \
		.offset = offsetof(struct delivery_settings, key), .default_value = preset,        \
		.allowed = words, .help = text                                                     \
	}
#define NUMBER(key, preset, low, high, text)                                                       \
	{                                                                                          \
		.name = #key, .type = CONFIG_INTEGER,                                              \
		.offset = offsetof(struct delivery_settings, key), .default_value = preset,        \
		.minimum = low, .maximum = high, .help = text                                      \
	}

static const struct config_key keys[] = {
    TEXT(conninfo, NULL, NULL, "libpq connection string of the database"),
    TEXT(user, "", NULL, "account to run as when started by root"),
    TEXT(pid_file, "", NULL, "written at start, removed at stop; empty: none"),
    TEXT(rules_dir, "", NULL, "directory of the shipped *.rules; empty: beside the program"),
    TEXT(site_rules, "", NULL, "rule file of this site, read first; empty: none"),
    TEXT(log, "syslog", "syslog|stderr", "where to log"),
    TEXT(log_level, "info", "error|warning|info|debug", "how much to log"),
    TEXT(server, "localhost:25", NULL, "submission server, HOST:PORT"),
    TEXT(hostname, "", NULL, "name given in EHLO; empty: the name of this machine"),
    TEXT(starttls, "may", "off|may|encrypt|verify",
	 "encryption to the server, and whether its certificate is checked"),
    TEXT(tls_ca_file, "", NULL, "certificates that are trusted (PEM); empty: those of the system"),
    TEXT(username, "", NULL, "account at the server; empty: no login"),
    TEXT(password_file, "", NULL, "file whose first line is the password"),
    TEXT(auth_cleartext, "no", "no|yes",
	 "log in also where the connection is not encrypted for certain"),
    NUMBER(connect_wait, "30", 1, 3600,
	   "seconds to wait for a connection, for each address of the server"),
    NUMBER(greeting_wait, "60", 1, 3600, "seconds to wait for the greeting"),
    NUMBER(envelope_wait, "120", 1, 3600, "seconds to wait for a reply to EHLO, MAIL, RCPT"),
    NUMBER(data_wait, "120", 1, 3600, "seconds to wait for a reply to DATA"),
    NUMBER(transfer_wait, "180", 1, 3600, "seconds that sending a block may take"),
    NUMBER(reply_wait, "600", 1, 7200, "seconds to wait for the reply to the message"),
    NUMBER(query_wait, "15", 1, 300, "seconds to wait for an answer of the database"),
    NUMBER(workers, "4", 1, 100,
	   "connections to the server at the same time, each with one to the database"),
    NUMBER(batch, "50", 1, 1000, "communications claimed at once, sent over one connection"),
    NUMBER(poll_interval, "30", 1, 3600,
	   "seconds after which a worker looks for work without being told"),
    NUMBER(sweep_interval, "15", 1, 3600, "seconds between two looks for leases that have ended"),
};

const struct config_key *delivery_settings_keys(size_t *count_out)
{
	*count_out = G_N_ELEMENTS(keys);
	return keys;
}

/* A password goes over the wire only where nobody else can read it, unless told so. */
static bool check_login(const char *path, const struct delivery_settings *settings, GError **error)
{
	bool encrypted =
	    strcmp(settings->starttls, "encrypt") == 0 || strcmp(settings->starttls, "verify") == 0;

	if (*settings->username == '\0' || encrypted ||
	    strcmp(settings->auth_cleartext, "yes") == 0)
		return true;
	g_set_error(
	    error, BM_ERROR, BM_ERROR_CONFIG,
	    "%s: username: a login needs starttls = encrypt or verify, or auth_cleartext = yes",
	    path);
	return false;
}

bool delivery_settings_read(const char *path, struct delivery_settings *settings_out,
			    GError **error)
{
	memset(settings_out, 0, sizeof *settings_out);
	return config_read(path, keys, G_N_ELEMENTS(keys), settings_out, error) &&
	       check_login(path, settings_out, error);
}

void delivery_settings_clear(struct delivery_settings *settings)
{
	config_clear(keys, G_N_ELEMENTS(keys), settings);
}

enum log_level delivery_settings_log_level(const struct delivery_settings *settings)
{
	enum log_level level = LOG_LEVEL_INFO;

	log_level_parse(settings->log_level, &level);
	return level;
}

enum log_target delivery_settings_log_target(const struct delivery_settings *settings)
{
	enum log_target target = LOG_TARGET_SYSLOG;

	log_target_parse(settings->log, &target);
	return target;
}
