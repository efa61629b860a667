/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Socket, rules, database, and the Postfix of this machine.
 */
#include "milter/check.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "classifier/rules/ruleset.h"
#include "daemon/check.h"
#include "db/migrate.h"
#include "db/parameter_cache.h"

/* What is wrong with the name of the socket; NULL if nothing. Heap. */
static char *socket_fault(const char *name)
{
	const char *rest = strchr(name, ':');
	const char *end;
	guint64 port;

	if (!rest)
		return g_strdup("neither unix:PATH nor inet:PORT@HOST");
	rest++;
	if (g_str_has_prefix(name, "unix:") || g_str_has_prefix(name, "local:")) {
		g_autofree char *dir = g_path_get_dirname(rest);

		if (access(dir, W_OK | X_OK) != 0)
			return g_strdup_printf("%s: %s", dir, g_strerror(errno));
		return strlen(rest) >= sizeof((struct sockaddr_un *)NULL)->sun_path
			   ? g_strdup("the path is too long")
			   : NULL;
	}
	if (!g_str_has_prefix(name, "inet:") && !g_str_has_prefix(name, "inet6:"))
		return g_strdup("neither unix:PATH nor inet:PORT@HOST");
	port = g_ascii_strtoull(rest, (char **)&end, 10);
	if (end == rest || (*end != '@' && *end != '\0') || port < 1 || port > G_MAXUINT16)
		return g_strdup("the port is not 1 to 65535");
	return NULL;
}

static bool check_socket(const struct milter_settings *settings)
{
	g_autofree char *fault = socket_fault(settings->socket);
	g_autoptr(GError) error = NULL;

	if (fault)
		g_set_error(&error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "\"%s\": %s",
			    settings->socket, fault);
	if (!error && g_str_has_prefix(settings->socket, "inet"))
		check_warning("socket", "every account that can connect to this port can hand in "
					"mail as our own MTA's, which may block; a unix socket "
					"has rights");
	return check_result("socket", error, settings->socket);
}

static bool check_rules(const struct milter_settings *settings)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *dir = ruleset_configured_dir(settings->common.rules_dir);
	g_autoptr(ruleset_t) rules = ruleset_load_configured(settings->common.rules_dir,
							     settings->common.site_rules, &error);

	(void)rules;
	return check_result("rules", error, dir);
}

static void check_parameters(const struct db_parameters *parameters)
{
	if (!parameters->bounce_domains[0])
		check_warning(
		    "parameter",
		    "bounce_domain is empty: no mail is ours; UPDATE bounce.system_parameter "
		    "SET value = 'bounces.example.org' WHERE name = 'bounce_domain'");
	if (*parameters->operator_mailbox == '\0')
		check_warning("parameter",
			      "operator_mailbox is empty: what nobody can classify stays in "
			      "the bounce mailbox");
}

static bool check_database_and_parameters(const struct milter_settings *settings)
{
	g_autoptr(GError) error = NULL;

	check_hosts(settings->common.conninfo);
	if (!db_schema_require(settings->common.conninfo, &error))
		return check_database(error);
	g_autoptr(parameter_cache_t) parameter_cache =
	    parameter_cache_new(settings->common.conninfo, "");
	if (!parameter_cache_connect(parameter_cache, &error))
		return check_database(error);
	g_autoptr(db_parameters_t) parameters = parameter_cache_get(parameter_cache);
	check_database(NULL);
	check_parameters(parameters);
	return true;
}

/* One value of this machine's Postfix; NULL if there is none. */
static char *postconf(const char *name)
{
	char *arguments[] = {g_strdup("postconf"), g_strdup("-h"), g_strdup(name), NULL};
	char *output = NULL;
	int status;
	bool ran =
	    g_spawn_sync(NULL, arguments, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
			 NULL, NULL, &output, NULL, &status, NULL) &&
	    g_spawn_check_wait_status(status, NULL);

	for (char **argument = arguments; *argument; argument++)
		g_free(*argument);
	if (!ran)
		g_clear_pointer(&output, g_free);
	return output ? g_strstrip(output) : NULL;
}

/* With "accept" a bounce that arrives while the filter is away is lost for good. */
static bool check_postfix(void)
{
	g_autofree char *action = postconf("milter_default_action");
	g_autofree char *milters = postconf("smtpd_milters");
	g_autofree char *flow = postconf("in_flow_delay");
	g_autoptr(GError) error = NULL;

	if (!action || !milters || !flow) {
		check_warning("Postfix", "not configured on this machine, so not looked at");
		return true;
	}
	if (strcmp(action, "accept") == 0 || strstr(milters, "default_action=accept"))
		g_set_error(&error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "main.cf: milter_default_action: \"accept\" loses bounces while the "
			    "filter is away; set it to tempfail");
	if (*flow != '0')
		check_warning("Postfix",
			      "main.cf: in_flow_delay is not 0: discarded bounces slow all mail "
			      "down after 100 of them");
	return check_result("Postfix", error, "milter_default_action keeps bounces");
}

bool milter_check(const struct milter_settings *settings)
{
	bool socket = check_socket(settings);
	bool rules = check_rules(settings);
	bool database = check_database_and_parameters(settings);
	bool postfix = check_postfix();

	return socket && rules && database && postfix;
}
