/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which rule files.
 */
#include "ctl/options/rule_files.h"

#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"

const struct ctl_option rule_files_options[] = {
    {.name = "rules", .value = &ctl_value_type_dir, .help = "the directory of the rule files"},
    {.name = "site", .value = &ctl_value_type_file, .help = "the site's own rules, asked first"},
    {0},
};

const struct ctl_option rule_files_config_option[] = {
    {.name = "config",
     .value = &ctl_value_type_file,
     .help = "take rules_dir and site_rules from this file (-c)"},
    {0},
};

struct ruleset *rule_files_load(const struct ctl_call *call, const struct milter_settings *settings,
				GError **error)
{
	const char *dir = ctl_call_option(call, "rules");
	const char *given = ctl_call_option(call, "site");
	const char *site = given ? given : settings->common.site_rules;
	g_autofree char *usual_dir = ruleset_configured_dir(settings->common.rules_dir);

	return ruleset_load(dir ? dir : usual_dir, *site == '\0' ? NULL : site, error);
}

struct ruleset *rule_files_load_or_say(const struct ctl_call *call)
{
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	struct ruleset *rules = NULL;

	if (ctl_connect_settings(call, &settings, &error))
		rules = rule_files_load(call, &settings, &error);
	if (!rules)
		ctl_error_message_print(call, error);
	return rules;
}
