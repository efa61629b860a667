/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-milter.conf. It is in this room because two programs read it: bounce-milter,
 * and bouncectl for the connection, the rules and the limits. Both refuse the same
 * unknown keys.
 */
#ifndef INTAKE_MILTER_SETTINGS_H
#define INTAKE_MILTER_SETTINGS_H

#include <stdbool.h>

#include <glib.h>

#include "daemon/daemon_settings.h"
#include "intake/intake_settings.h"

struct milter_settings {
	struct daemon_settings common; /* first, as daemon/daemon.h asks */
	struct intake_settings intake;
	char *socket;
	long socket_mode;
	char *own_mta_daemon_name;
	long sessions_max;
	char *state_file;
	char *metrics_file;
};

/* All keys of the file; a test compares them with the sample file and the man page. */
struct config_sections milter_settings_sections(struct milter_settings *settings);

/* False with BM_ERROR_CONFIG naming file, line and key. Clear the struct with
 * milter_settings_clear in either case. */
bool milter_settings_read(const char *path, struct milter_settings *settings_out, GError **error)
    __attribute__((warn_unused_result));
void milter_settings_clear(struct milter_settings *settings);

typedef struct milter_settings milter_settings_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(milter_settings_t, milter_settings_clear)

#endif
