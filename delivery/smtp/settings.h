/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The settings of the submission server.
 */
#ifndef DELIVERY_SMTP_SETTINGS_H
#define DELIVERY_SMTP_SETTINGS_H

#include <stdbool.h>

#include <glib.h>

#include "base/config.h"

struct smtp_settings {
	char *server;
	char *hostname;
	char *starttls;
	char *tls_ca_file;
	char *username;
	char *password_file;
	char *auth_method;
	char *auth_unverified;
	char *auth_cleartext;
	long connect_wait; /* all waits in seconds */
	long greeting_wait;
	long envelope_wait;
	long data_wait;
	long transfer_wait;
	long reply_wait;
};

/* Its keys, as one section of a program's file. */
struct config_section smtp_settings_section(struct smtp_settings *settings);

/* What no single key shows: a login is offered only to a server whose certificate is
 * verified, unless the file says otherwise. False with BM_ERROR_CONFIG naming the file. */
bool smtp_settings_check(const struct smtp_settings *settings, const char *path, GError **error)
    __attribute__((warn_unused_result));

#endif
