/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of the workers, and the sections of the file.
 */
#include "delivery/settings.h"

#include <string.h>

#include "base/error.h"

static const struct config_key keys[] = {
    CONFIG_NUMBER_KEY(delivery_settings, workers, CONFIG_INTEGER, "4", 1, 100,
		      "connections to the server at the same time, each with one to the database"),
    CONFIG_NUMBER_KEY(delivery_settings, batch, CONFIG_INTEGER, "50", 1, 1000,
		      "communications claimed at once, sent over one connection"),
    CONFIG_NUMBER_KEY(delivery_settings, poll_interval, CONFIG_INTEGER, "30", 1, 3600,
		      "seconds after which a worker looks for work without being told"),
    CONFIG_NUMBER_KEY(delivery_settings, sweep_interval, CONFIG_INTEGER, "15", 1, 3600,
		      "seconds between two looks for leases that have ended"),
    CONFIG_TEXT_KEY(delivery_settings, webhook_url, "", NULL,
		    "where events are sent, https://...; empty: nowhere"),
    CONFIG_TEXT_KEY(delivery_settings, webhook_secret_file, "", NULL,
		    "file with the secrets that sign events, one a line"),
    CONFIG_TEXT_KEY(delivery_settings, webhook_ca_file, "", NULL,
		    "certificates that are trusted (PEM); empty: those of the system"),
    CONFIG_TEXT_KEY(delivery_settings, webhook_cleartext, "no", "no|yes",
		    "send also to an http:// URL, unencrypted"),
    CONFIG_NUMBER_KEY(delivery_settings, webhook_wait, CONFIG_INTEGER, "15", 1, 300,
		      "seconds for the receiver to take an event"),
};

struct config_sections delivery_settings_sections(struct delivery_settings *settings)
{
	return (struct config_sections){{daemon_settings_section(&settings->common),
					 {keys, G_N_ELEMENTS(keys), settings},
					 copy_settings_section(&settings->copies),
					 smtp_settings_section(&settings->smtp),
					 oauth_settings_section(&settings->smtp.oauth)}};
}

static bool check_webhook(const struct delivery_settings *settings, const char *path,
			  GError **error)
{
	const char *url = settings->webhook_url;
	bool is_plain = g_ascii_strncasecmp(url, "http://", 7) == 0;

	if (*url == '\0')
		return true;
	if (is_plain && strcmp(settings->webhook_cleartext, "yes") != 0)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    "%s: webhook_url: http needs webhook_cleartext = yes", path);
	else if (!is_plain && g_ascii_strncasecmp(url, "https://", 8) != 0)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    "%s: webhook_url: must begin with https://", path);
	else if (*settings->webhook_secret_file == '\0')
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    "%s: webhook_url: needs webhook_secret_file", path);
	else
		return true;
	return false;
}

bool delivery_settings_read(const char *path, struct delivery_settings *settings_out,
			    GError **error)
{
	const struct config_sections sections = delivery_settings_sections(settings_out);

	memset(settings_out, 0, sizeof *settings_out);
	return config_read(path, &sections, error) &&
	       smtp_settings_check(&settings_out->smtp, path, error) &&
	       copy_settings_check(&settings_out->copies, &settings_out->smtp, path, error) &&
	       check_webhook(settings_out, path, error);
}

void delivery_settings_clear(struct delivery_settings *settings)
{
	const struct config_sections sections = delivery_settings_sections(settings);

	config_clear(&sections);
}
