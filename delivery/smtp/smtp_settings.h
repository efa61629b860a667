/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The settings of the submission server.
 */
#ifndef DELIVERY_SMTP_SMTP_SETTINGS_H
#define DELIVERY_SMTP_SMTP_SETTINGS_H

#include <stdbool.h>

#include <glib.h>

#include "base/config.h"
#include "net/credential.h"
#include "net/oauth_settings.h"

struct smtp_settings {
	char *server;
	char *hostname;
	char *starttls;
	char *tls_ca_file;
	char *username;
	char *password_file;
	const char *password_key; /* that names it; NULL: password_file */
	char *auth_method;
	struct oauth_settings oauth;
	char *auth_unverified;
	char *auth_cleartext;
	long connect_wait; /* all waits in seconds */
	long greeting_wait;
	long envelope_wait;
	long data_wait;
	long transfer_wait;
	long reply_wait;
};

/* Its keys, as one section of a program's file, which has that of oauth as another. */
struct config_section smtp_settings_section(struct smtp_settings *settings);

/* What no single key shows: a login is offered only to a server whose certificate is
 * verified, unless the file says otherwise. False with BM_ERROR_CONFIG naming the file. */
bool smtp_settings_check(const struct smtp_settings *settings, const char *path, GError **error)
    __attribute__((warn_unused_result));

/* Points into the settings. */
struct credential_settings smtp_settings_credential(const struct smtp_settings *settings);

#endif
