/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where the rules come from.
 */
#include "intake/rules.h"

char *intake_rules_dir(const struct settings *settings)
{
	return *settings->rules_dir == '\0' ? ruleset_default_dir() : g_strdup(settings->rules_dir);
}

struct ruleset *intake_rules_load(const struct settings *settings, GError **error)
{
	g_autofree char *dir = intake_rules_dir(settings);

	return ruleset_load(dir, *settings->site_rules == '\0' ? NULL : settings->site_rules, error);
}
