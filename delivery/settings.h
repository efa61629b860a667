/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-delivery.conf: the way to the database and to the submission server.
 * A file of its own, because it runs under its own account and holds the name
 * of a password file. Everything else is a system parameter in the database.
 */
#ifndef DELIVERY_SETTINGS_H
#define DELIVERY_SETTINGS_H

#include <stdbool.h>

#include <glib.h>

#include "base/config.h"
#include "base/log.h"

struct delivery_settings {
	char *conninfo;
	char *user;
	char *pid_file;
	char *rules_dir;
	char *site_rules;
	char *log;
	char *log_level;
	char *server;
	char *hostname;
	char *starttls;
	char *tls_ca_file;
	char *username;
	char *password_file;
	char *auth_cleartext;
	long connect_wait; /* all waits in seconds */
	long greeting_wait;
	long envelope_wait;
	long data_wait;
	long transfer_wait;
	long reply_wait;
	long query_wait;
	long workers;
	long batch;
	long poll_interval;
	long sweep_interval;
};

/* The keys in the order of the sample file; a test holds them against it and
 * against the man page. */
const struct config_key *delivery_settings_keys(size_t *count_out);

/* False with BM_ERROR_CONFIG. Either way clear the struct with delivery_settings_clear. */
bool delivery_settings_read(const char *path, struct delivery_settings *settings_out,
			    GError **error) __attribute__((warn_unused_result));
void delivery_settings_clear(struct delivery_settings *settings);

enum log_level delivery_settings_log_level(const struct delivery_settings *settings);
enum log_target delivery_settings_log_target(const struct delivery_settings *settings);

typedef struct delivery_settings delivery_settings_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(delivery_settings_t, delivery_settings_clear)

#endif
