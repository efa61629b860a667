/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Database, configuration, rules.
 */
#include "ctl/framework/connect.h"

#include "base/error.h"

/* A person waits longer than an MTA: undoing a weekend takes its time. */
enum { POOL_WAIT = 5, QUERY_WAIT = 600 }; /* seconds */

static bool has_environment(void)
{
	static const char *const names[] = {"PGSERVICE", "PGDATABASE", "PGHOST"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_getenv(names[i]) != NULL)
			return true;
	return false;
}

char *ctl_conninfo(const struct ctl_call *call, GError **error)
{
	const char *given = ctl_option(call, "conninfo");
	const char *config = ctl_option(call, "config");
	g_auto(milter_settings_t) settings = {0};

	if (given != NULL)
		return g_strdup(given);
	if (config == NULL && has_environment())
		return g_strdup("");
	if (!milter_settings_read(config != NULL ? config : CTL_CONFIG_DEFAULT, &settings, error))
		return NULL;
	return g_strdup(settings.common.conninfo);
}

struct db_pool *ctl_connect(const struct ctl_call *call, GError **error)
{
	g_autofree char *conninfo = ctl_conninfo(call, error);

	if (conninfo == NULL)
		return NULL;
	const struct db_pool_options options = {
	    .conninfo = conninfo, .size = 1, .pool_wait = POOL_WAIT, .query_wait = QUERY_WAIT};
	return db_pool_new(&options);
}

bool ctl_settings(const struct ctl_call *call, struct milter_settings *settings_out, GError **error)
{
	const char *config = ctl_option(call, "config");

	if (config == NULL && !g_file_test(CTL_CONFIG_DEFAULT, G_FILE_TEST_EXISTS)) {
		*settings_out = (struct milter_settings){.common.rules_dir = g_strdup(""),
							 .common.site_rules = g_strdup("")};
		settings_out->intake.message_bytes_max = (long)limits_default.message_bytes;
		return true;
	}
	return milter_settings_read(config != NULL ? config : CTL_CONFIG_DEFAULT, settings_out,
				    error);
}

struct ruleset *ctl_rules_of(const struct ctl_call *call, const struct milter_settings *settings,
			     GError **error)
{
	const char *dir = ctl_option(call, "rules");
	const char *site = ctl_option(call, "site");
	g_autofree char *usual_dir = ruleset_configured_dir(settings->common.rules_dir);
	const char *usual_site =
	    *settings->common.site_rules == '\0' ? NULL : settings->common.site_rules;

	return ruleset_load(dir != NULL ? dir : usual_dir, site != NULL ? site : usual_site, error);
}
