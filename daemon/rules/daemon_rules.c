/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Settings to rules, and the line that --check prints about them.
 */
#include "daemon/rules/daemon_rules.h"

#include "daemon/check.h"

struct ruleset *daemon_rules_load(const struct daemon_settings *settings, GError **error)
{
	return ruleset_load_configured(settings->rules_dir, settings->site_rules, error);
}

bool daemon_rules_reload(const struct daemon_settings *settings, struct live_ruleset *rules,
			 GError **error)
{
	struct ruleset *fresh = daemon_rules_load(settings, error);

	if (fresh)
		live_ruleset_set(rules, fresh);
	return fresh;
}

bool daemon_rules_check(const struct daemon_settings *settings)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *dir = ruleset_configured_dir(settings->rules_dir);
	g_autoptr(ruleset_t) rules = daemon_rules_load(settings, &error);

	(void)rules; /* only whether they load */
	return check_result("rules", error, dir);
}
