/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of the workers, and the sections of the file.
 */
#include "delivery/settings.h"

#include <string.h>

static const struct config_key keys[] = {
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
	smtp_settings_sections(&settings->smtp, sections_out + 2);
}

bool delivery_settings_read(const char *path, struct delivery_settings *settings_out,
			    GError **error)
{
	struct config_section sections[DELIVERY_SETTINGS_SECTIONS];

	memset(settings_out, 0, sizeof *settings_out);
	delivery_settings_sections(settings_out, sections);
	return config_read(path, sections, G_N_ELEMENTS(sections), error) &&
	       smtp_settings_check(&settings_out->smtp, path, error);
}

void delivery_settings_clear(struct delivery_settings *settings)
{
	struct config_section sections[DELIVERY_SETTINGS_SECTIONS];

	delivery_settings_sections(settings, sections);
	config_clear(sections, G_N_ELEMENTS(sections));
}
