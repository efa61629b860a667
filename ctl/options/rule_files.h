/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The rules of a call: those that its options name, or of the configuration.
 */
#ifndef CTL_OPTIONS_RULE_FILES_H
#define CTL_OPTIONS_RULE_FILES_H

#include "classifier/rules/ruleset.h"
#include "ctl/framework/call.h"
#include "intake/milter_settings.h"

/* --rules DIR and --site FILE. */
extern const struct ctl_option rule_files_options[];
/* --config FILE, for commands that ask no database. */
extern const struct ctl_option rule_files_config_option[];

/* Loads them. NULL with BM_ERROR_CONFIG. */
struct ruleset *rule_files_load(const struct ctl_call *call, const struct milter_settings *settings,
				GError **error) __attribute__((warn_unused_result));

/* For commands that ask no database: NULL, said on stderr, when they cannot be loaded. */
struct ruleset *rule_files_load_or_say(const struct ctl_call *call);

#endif
