/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of bounce-delivery.conf that it has alone, one row each.
 */
#include "delivery/settings.h"

#include <string.h>

#include "base/error.h"

static const struct config_key keys[] = {
    CONFIG_TEXT_KEY(delivery_settings, server, "localhost:25", NULL,
		    "submission server, HOST:PORT"),
    CONFIG_TEXT_KEY(delivery_settings, hostname, "", NULL,
		    "name given in EHLO; empty: the name of this machine"),
    CONFIG_TEXT_KEY(delivery_settings, starttls, "may", "off|may|encrypt|verify",
		    "encryption to the server, and whether its certificate is checked"),
    CONFIG_TEXT_KEY(delivery_settings, tls_ca_file, "", NULL,
		    "certificates that are trusted (PEM); empty: those of the system"),
    CONFIG_TEXT_KEY(delivery_settings, username, "", NULL,
		    "account at the server; empty: no login"),
    CONFIG_TEXT_KEY(delivery_settings, password_file, "", NULL,
		    "file whose first line is the password"),
    CONFIG_TEXT_KEY(delivery_settings, auth_cleartext, "no", "no|yes",
		    "log in also where the connection is not encrypted for certain"),
    CONFIG_NUMBER_KEY(delivery_settings, connect_wait, CONFIG_INTEGER, "30", 1, 3600,
		      "seconds to wait for a connection, for each address of the server"),
    CONFIG_NUMBER_KEY(delivery_settings, greeting_wait, CONFIG_INTEGER, "60", 1, 3600,
		      "seconds to wait for the greeting"),
    CONFIG_NUMBER_KEY(delivery_settings, envelope_wait, CONFIG_INTEGER, "120", 1, 3600,
		      "seconds to wait for a reply to EHLO, MAIL, RCPT"),
    CONFIG_NUMBER_KEY(delivery_settings, data_wait, CONFIG_INTEGER, "120", 1, 3600,
		      "seconds to wait for a reply to DATA"),
    CONFIG_NUMBER_KEY(delivery_settings, transfer_wait, CONFIG_INTEGER, "180", 1, 3600,
		      "seconds that sending a block may take"),
    CONFIG_NUMBER_KEY(delivery_settings, reply_wait, CONFIG_INTEGER, "600", 1, 7200,
		      "seconds to wait for the reply to the message"),
    CONFIG_NUMBER_KEY(delivery_settings, workers, CONFIG_INTEGER, "4", 1, 100,
		      "connections to the server at the same time, each with one to the database"),
    CONFIG_NUMBER_KEY(delivery_settings, batch, CONFIG_INTEGER, "50", 1, 1000,
		      "communications claimed at once, sent over one connection"),
    CONFIG_NUMBER_KEY(delivery_settings, poll_interval, CONFIG_INTEGER, "30", 1, 3600,
		      "seconds after which a worker looks for work without being told"),
    CONFIG_NUMBER_KEY(delivery_settings, sweep_interval, CONFIG_INTEGER, "15", 1, 3600,
		      "seconds between two looks for leases that have ended"),
};

void delivery_settings_sections(
    struct delivery_settings *settings,
    struct config_section sections_out[static DELIVERY_SETTINGS_SECTIONS])
{
	sections_out[0] = daemon_settings_section(&settings->common);
	sections_out[1] = (struct config_section){keys, G_N_ELEMENTS(keys), settings};
}

/* A password is sent over an encrypted connection only, unless the file says otherwise. */
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
	struct config_section sections[DELIVERY_SETTINGS_SECTIONS];

	memset(settings_out, 0, sizeof *settings_out);
	delivery_settings_sections(settings_out, sections);
	return config_read(path, sections, G_N_ELEMENTS(sections), error) &&
	       check_login(path, settings_out, error);
}

void delivery_settings_clear(struct delivery_settings *settings)
{
	struct config_section sections[DELIVERY_SETTINGS_SECTIONS];

	delivery_settings_sections(settings, sections);
	config_clear(sections, G_N_ELEMENTS(sections));
}
