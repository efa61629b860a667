/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The rules of a daemon that classifies, by its rules_dir and site_rules.
 */
#ifndef DAEMON_RULES_DAEMON_RULES_H
#define DAEMON_RULES_DAEMON_RULES_H

#include <stdbool.h>

#include "classifier/rules/live_ruleset.h"
#include "daemon/daemon_settings.h"

/* Free with ruleset_free. NULL with BM_ERROR_CONFIG naming file, line and rule. */
struct ruleset *daemon_rules_load(const struct daemon_settings *settings, GError **error)
    __attribute__((warn_unused_result));

/* Reads them again; where they cannot be loaded, those in force stay. */
bool daemon_rules_reload(const struct daemon_settings *settings, struct live_ruleset *rules,
			 GError **error);

/* --check: prints whether they load, and from where. False if they do not. */
bool daemon_rules_check(const struct daemon_settings *settings);

#endif
