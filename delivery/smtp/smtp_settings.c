/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of the submission server, one row each.
 */
#include "delivery/smtp/smtp_settings.h"

#include <string.h>

#include "base/error.h"

static const struct config_key keys[] = {
    CONFIG_TEXT_KEY(smtp_settings, server, "localhost:25", NULL, "submission server, HOST:PORT"),
    CONFIG_TEXT_KEY(smtp_settings, hostname, "", NULL,
		    "name given in EHLO; empty: the name of this machine"),
    CONFIG_TEXT_KEY(smtp_settings, starttls, "may", "off|may|encrypt|verify|smtps",
		    "encryption to the server, and whether its certificate is checked"),
    CONFIG_TEXT_KEY(smtp_settings, tls_ca_file, "", NULL,
		    "certificates that are trusted (PEM); empty: those of the system"),
    CONFIG_TEXT_KEY(smtp_settings, username, "", NULL, "account at the server; empty: no login"),
    CONFIG_TEXT_KEY(smtp_settings, password_file, "", NULL,
		    "file whose first line is the password or token"),
    CONFIG_TEXT_KEY(smtp_settings, auth_method, "password", "password|oauth",
		    "what the file holds: a password, or a token of OAuth 2.0"),
    CONFIG_TEXT_KEY(smtp_settings, auth_unverified, "no", "no|yes",
		    "log in also where the server's certificate is not verified"),
    CONFIG_TEXT_KEY(smtp_settings, auth_cleartext, "no", "no|yes",
		    "log in also where the connection is not encrypted for certain"),
    CONFIG_NUMBER_KEY(smtp_settings, connect_wait, CONFIG_INTEGER, "30", 1, 3600,
		      "seconds to wait for a connection, for each address of the server"),
    CONFIG_NUMBER_KEY(smtp_settings, greeting_wait, CONFIG_INTEGER, "60", 1, 3600,
		      "seconds to wait for the greeting"),
    CONFIG_NUMBER_KEY(smtp_settings, envelope_wait, CONFIG_INTEGER, "120", 1, 3600,
		      "seconds to wait for a reply to EHLO, MAIL, RCPT"),
    CONFIG_NUMBER_KEY(smtp_settings, data_wait, CONFIG_INTEGER, "120", 1, 3600,
		      "seconds to wait for a reply to DATA"),
    CONFIG_NUMBER_KEY(smtp_settings, transfer_wait, CONFIG_INTEGER, "180", 1, 3600,
		      "seconds that sending a block may take"),
    CONFIG_NUMBER_KEY(smtp_settings, reply_wait, CONFIG_INTEGER, "600", 1, 7200,
		      "seconds to wait for the reply to the message"),
};

struct config_section smtp_settings_section(struct smtp_settings *settings)
{
	return (struct config_section){keys, G_N_ELEMENTS(keys), settings};
}

struct credential_settings smtp_settings_credential(const struct smtp_settings *settings)
{
	const char *key = settings->password_key ? settings->password_key : "password_file";

	return (struct credential_settings){key, settings->password_file, &settings->oauth, -1};
}

bool smtp_settings_check(const struct smtp_settings *settings, const char *path, GError **error)
{
	const struct oauth_use use = {settings->auth_method, settings->password_file};
	bool is_encrypted = strcmp(settings->starttls, "encrypt") == 0;
	bool is_verified =
	    strcmp(settings->starttls, "verify") == 0 || strcmp(settings->starttls, "smtps") == 0;

	if (!oauth_settings_check(&settings->oauth, &use, path, error))
		return false;
	if (*settings->username == '\0' || is_verified ||
	    strcmp(settings->auth_cleartext, "yes") == 0 ||
	    (is_encrypted && strcmp(settings->auth_unverified, "yes") == 0))
		return true;
	g_set_error(
	    error, BM_ERROR, BM_ERROR_CONFIG,
	    "%s: username: a login needs starttls = verify or smtps; or auth_unverified = yes "
	    "with starttls = encrypt; or auth_cleartext = yes",
	    path);
	return false;
}
