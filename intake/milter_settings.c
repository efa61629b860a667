/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The milter's own keys, and the sections of its file.
 */
#include "intake/milter_settings.h"

#include <string.h>

static const struct config_key keys[] = {
    CONFIG_NAME_KEY(milter_settings, socket, "unix:/var/spool/postfix/bounce-milter/socket",
		    "where the MTA connects: unix:PATH or inet:PORT@HOST"),
    CONFIG_NUMBER_KEY(milter_settings, socket_mode, CONFIG_OCTAL, "660", 0, 0777,
		      "permissions of a unix socket, octal"),
    /* without a name, every mail without the macro would be our own MTA's */
    CONFIG_NAME_KEY(milter_settings, own_mta_daemon_name, "bounce-internal",
		    "value of the macro {daemon_name} that marks reports made by our own MTA"),
    CONFIG_NUMBER_KEY(milter_settings, sessions_max, CONFIG_INTEGER, "200", 1, 10000,
		      "bounces being received at the same time"),
    CONFIG_TEXT_KEY(milter_settings, state_file, "/var/lib/bounce-milter/parameters", NULL,
		    "last known parameters, for a start without the database; empty: none"),
    CONFIG_TEXT_KEY(milter_settings, metrics_file, "/run/bounce-milter/metrics", NULL,
		    "figures of the running milter, for bouncectl metrics; empty: none"),
};

struct config_sections milter_settings_sections(struct milter_settings *settings)
{
	return (struct config_sections){{daemon_settings_section(&settings->common),
					 intake_settings_section(&settings->intake),
					 {keys, G_N_ELEMENTS(keys), settings}}};
}

bool milter_settings_read(const char *path, struct milter_settings *settings_out, GError **error)
{
	const struct config_sections sections = milter_settings_sections(settings_out);

	memset(settings_out, 0, sizeof *settings_out);
	return config_read(path, &sections, error);
}

void milter_settings_clear(struct milter_settings *settings)
{
	const struct config_sections sections = milter_settings_sections(settings);

	config_clear(&sections);
}
