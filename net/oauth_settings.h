/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where tokens of OAuth 2.0 come from: a server that gives a new one for a refresh token.
 */
#ifndef NET_OAUTH_SETTINGS_H
#define NET_OAUTH_SETTINGS_H

#include <stdbool.h>

#include <glib.h>

#include "base/config.h"

struct oauth_settings {
	char *refresh_token_file; /* "": somebody else renews the token */
	char *token_url;
	char *client_id;
	char *client_secret_file; /* "": a client without a secret */
	char *scope;
	char *token_ca_file;
	long token_wait; /* seconds */
};

/* Its keys, as one section of a file. */
struct config_section oauth_settings_section(struct oauth_settings *settings);

/* How a login is configured that may use them. */
struct oauth_use {
	const char *auth_method;
	const char *password_file;
};

/* What no single key shows. False with BM_ERROR_CONFIG naming the file. */
bool oauth_settings_check(const struct oauth_settings *settings, const struct oauth_use *use,
			  const char *path, GError **error) __attribute__((warn_unused_result));

#endif
