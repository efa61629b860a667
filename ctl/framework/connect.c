/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Database and configuration.
 */
#include "ctl/framework/connect.h"

#include "base/error.h"
#include "ctl/framework/waiting_notice.h"

#define CONFIG_DEFAULT BM_SYSCONFDIR "/bounce-milter/bounce-milter.conf"

/* A person waits longer than an MTA: undoing a weekend takes its time. */
enum { POOL_WAIT = 5, QUERY_WAIT = 600 }; /* seconds */

static bool has_environment(void)
{
	static const char *const names[] = {"PGSERVICE", "PGDATABASE", "PGHOST"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_getenv(names[i]))
			return true;
	return false;
}

/* Takes the message, and gives it with what may be done. */
static char *say_ways(char *message)
{
	g_autofree char *old = message;

	return g_strdup_printf("%s\nWhich database? --conninfo 'host=... dbname=...', or --config "
			       "FILE with the settings of bounce-milter",
			       old);
}

char *ctl_connect_conninfo(const struct ctl_call *call, GError **error)
{
	const char *given = ctl_call_option(call, "conninfo");
	const char *config = ctl_call_option(call, "config");
	g_auto(milter_settings_t) settings = {0};

	if (given)
		return g_strdup(given);
	if (!config && has_environment())
		return g_strdup("");
	if (!milter_settings_read(config ? config : CONFIG_DEFAULT, &settings, error)) {
		if (!config && error && *error)
			(*error)->message = say_ways((*error)->message);
		return NULL;
	}
	return g_strdup(settings.common.conninfo);
}

struct db_pool *ctl_connect_pool(struct ctl_call *call, GError **error)
{
	if (call->pool)
		return call->pool;
	g_autofree char *conninfo = ctl_connect_conninfo(call, error);
	if (!conninfo)
		return NULL;
	const struct db_pool_options options = {
	    .conninfo = conninfo,
	    .size = 1,
	    .pool_wait = POOL_WAIT,
	    .query_wait = call->query_wait > 0 ? call->query_wait : QUERY_WAIT,
	    .watches_client = true};
	return call->pool = db_pool_new(&options);
}

struct db_rows *ctl_connect_fetch(struct ctl_call *call, const struct db_statement *statement,
				  const char *const *values, GError **error)
{
	struct db_pool *pool = ctl_connect_pool(call, error);

	if (!pool)
		return NULL;
	g_autoptr(waiting_notice_t) notice = waiting_notice_begin();
	return db_rows_fetch(pool, statement, values, error);
}

bool ctl_connect_settings(const struct ctl_call *call, struct milter_settings *settings_out,
			  GError **error)
{
	const char *config = ctl_call_option(call, "config");

	if (!config && !g_file_test(CONFIG_DEFAULT, G_FILE_TEST_EXISTS)) {
		*settings_out = (struct milter_settings){.common.rules_dir = g_strdup(""),
							 .common.site_rules = g_strdup(""),
							 .metrics_file = g_strdup("")};
		settings_out->intake.message_bytes_max = (long)limits_default.message_bytes;
		return true;
	}
	return milter_settings_read(config ? config : CONFIG_DEFAULT, settings_out, error);
}
