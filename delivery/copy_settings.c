/* SPDX-License-Identifier: BSD-2-Clause
 *
 * There is no way to log in unencrypted or unverified here: a server that is not verified is for
 * the MTA (operator_copy = mta).
 */
#include "delivery/copy_settings.h"

#include <string.h>

#include "base/error.h"

static const struct config_key keys[] = {
    CONFIG_TEXT_KEY(copy_settings, smtp_protocol, "smtps", "smtps|smtp",
		    "smtps, or smtp with STARTTLS"),
    CONFIG_TEXT_KEY(
	copy_settings, smtp_host, "", NULL,
	"server for the operator's copies, as its certificate names it; empty: none are "
	"sent"),
    CONFIG_TEXT_KEY(copy_settings, smtp_port, "", NULL,
		    "its port; empty: 465 or 587, by the protocol"),
    CONFIG_TEXT_KEY(copy_settings, smtp_user, "", NULL, "account there; empty: no login"),
    CONFIG_TEXT_KEY(copy_settings, smtp_password_file, "", NULL,
		    "file whose first line is its password or token"),
    CONFIG_TEXT_KEY(copy_settings, smtp_auth_method, "password", "password|oauth",
		    "what the file holds: a password, or a token of OAuth 2.0"),
    CONFIG_TEXT_KEY(copy_settings, smtp_tls_ca_file, "", NULL,
		    "certificates that are trusted (PEM); empty: those of the system"),
    CONFIG_TEXT_KEY(copy_settings, smtp_sender, "", NULL, "sender of copies; empty: smtp_user"),
};

static char nothing[] = "";

struct config_section copy_settings_section(struct copy_settings *settings)
{
	return (struct config_section){keys, G_N_ELEMENTS(keys), settings};
}

bool copy_settings_is_on(const struct copy_settings *settings)
{
	return *settings->smtp_host != '\0';
}

const char *copy_settings_sender(const struct copy_settings *settings)
{
	return *settings->smtp_sender == '\0' ? settings->smtp_user : settings->smtp_sender;
}

static bool is_smtps(const struct copy_settings *settings)
{
	return strcmp(settings->smtp_protocol, "smtps") == 0;
}

/* --- what the file says as a whole ----------------------------------------------------- */

/* It becomes a part of a command, and of a header. */
static bool is_address(const char *text)
{
	const char *at = strrchr(text, '@');

	for (const char *p = text; *p != '\0'; p++)
		if ((guchar)*p <= ' ' || *p == 0x7f || strchr("<>,;", *p))
			return false;
	return at && at > text && at[1] != '\0' && g_utf8_validate(text, -1, NULL);
}

/* The token of ordinary mail, which is renewed, may be used here, too. */
static bool shares_token(const struct copy_settings *settings, const struct smtp_settings *server)
{
	return strcmp(settings->smtp_auth_method, "oauth") == 0 &&
	       *settings->smtp_password_file == '\0' && *server->oauth.refresh_token_file != '\0';
}

static const char *copy_objection(const struct copy_settings *settings,
				  const struct smtp_settings *server)
{
	if (*settings->smtp_port != '\0' && !config_is_port(settings->smtp_port))
		return "smtp_port: not 1 to 65535";
	if (!is_address(copy_settings_sender(settings)))
		return "smtp_sender: must be an address, unless smtp_user is one";
	if (*settings->smtp_user != '\0' && *settings->smtp_password_file == '\0' &&
	    !shares_token(settings, server))
		return "smtp_password_file: must be set for a login";
	return NULL;
}

bool copy_settings_check(const struct copy_settings *settings, const struct smtp_settings *server,
			 const char *path, GError **error)
{
	const char *text = copy_settings_is_on(settings) ? copy_objection(settings, server) : NULL;

	if (text)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: %s", path, text);
	return !text;
}

/* --- for the client ---------------------------------------------------------------------- */

static char *server_name(const struct copy_settings *settings)
{
	bool is_bare_ipv6 = strchr(settings->smtp_host, ':') && *settings->smtp_host != '[';
	const char *port = *settings->smtp_port != '\0' ? settings->smtp_port
			   : is_smtps(settings)         ? "465"
							: "587";

	return g_strdup_printf(is_bare_ipv6 ? "[%s]:%s" : "%s:%s", settings->smtp_host, port);
}

struct smtp_settings copy_settings_smtp(const struct copy_settings *settings,
					const struct smtp_settings *server)
{
	static char verify[] = "verify";
	static char smtps[] = "smtps";
	static char no[] = "no";
	struct smtp_settings smtp = *server;

	smtp.server = server_name(settings);
	smtp.starttls = is_smtps(settings) ? smtps : verify;
	smtp.tls_ca_file = settings->smtp_tls_ca_file;
	smtp.username = settings->smtp_user;
	smtp.password_file = settings->smtp_password_file;
	smtp.password_key = "smtp_password_file";
	smtp.auth_method = settings->smtp_auth_method;
	smtp.auth_unverified = no;
	smtp.auth_cleartext = no;
	if (!shares_token(settings, server))
		smtp.oauth.refresh_token_file = nothing;
	return smtp;
}
