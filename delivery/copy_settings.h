/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The server for the operator's copies: the keys smtp_... of bounce-delivery.conf.
 */
#ifndef DELIVERY_COPY_SETTINGS_H
#define DELIVERY_COPY_SETTINGS_H

#include <stdbool.h>

#include <glib.h>

#include "base/config.h"
#include "delivery/smtp/smtp_settings.h"

struct copy_settings {
	char *smtp_protocol;
	char *smtp_host; /* "": no copies are sent */
	char *smtp_port; /* "": by the protocol */
	char *smtp_user; /* "": no login */
	char *smtp_password_file;
	char *smtp_auth_method;
	char *smtp_tls_ca_file;
	char *smtp_sender; /* "": smtp_user */
};

struct config_section copy_settings_section(struct copy_settings *settings);

/* What no single key shows; server is that of ordinary mail. False with BM_ERROR_CONFIG naming the
 * file. */
bool copy_settings_check(const struct copy_settings *settings, const struct smtp_settings *server,
			 const char *path, GError **error) __attribute__((warn_unused_result));

/* Whether copies are sent. */
bool copy_settings_is_on(const struct copy_settings *settings);

/* The sender of copies, in the envelope and in From. */
const char *copy_settings_sender(const struct copy_settings *settings);

/* For smtp_client_new: waits and our name as for ordinary mail. The texts belong to the two
 * arguments, but for .server, which is heap. */
struct smtp_settings copy_settings_smtp(const struct copy_settings *settings,
					const struct smtp_settings *server);

#endif
