/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What postconf(1) complains of, whether postmap(1) starts, which reads what all programs read, and
 * values of another type than the default has, which single programs read.
 */
#include "milter/postfix/startup.h"

#include <string.h>
#include <unistd.h>

#include "daemon/check.h"
#include "milter/postconf/lookup_table.h"

static const char what[] = "Postfix";

/* A brace that is not closed ends master(8); all the rest that postconf says is about names. */
static bool check_complaints(const struct postconf *postfix)
{
	static const char unused[] = "unused parameter: ";
	bool is_good = true;

	for (const char *const *c = postconf_complaints(postfix); *c; c++) {
		const char *parameter = strstr(*c, unused);
		g_autofree char *text = NULL;

		if (strstr(*c, "missing '}'"))
			text = g_strdup_printf("%s: Postfix does not start; close the brace", *c);
		else if (parameter)
			text =
			    g_strdup_printf("%.*sPostfix has no parameter \"%s\"; if that is no "
					    "typing error, it does nothing",
					    (int)(parameter - *c), *c, parameter + strlen(unused));
		if (text && !parameter)
			is_good = check_fault(what, text);
		else
			check_warning(what, text ? text : *c);
	}
	return is_good;
}

static bool check_arguments(const struct postconf *postfix)
{
	bool is_good = true;

	for (size_t i = 0; i < postconf_service_count(postfix); i++) {
		const struct postconf_service *service = postconf_service(postfix, i);
		g_autofree char *text = NULL;

		if (service->bad_option)
			text = g_strdup_printf("master.cf, -o of %s: \"%s\" has no =value, so %s "
					       "cannot start; no blanks around =, or braces: -o { "
					       "%s = VALUE }",
					       service->label, service->bad_option,
					       service->command, service->bad_option);
		else if (service->stray)
			text = g_strdup_printf("master.cf, %s: \"%s\" belongs to no option, so %s "
					       "cannot start; a value with blanks needs braces: -o "
					       "{ NAME = VALUE }",
					       service->label, service->stray, service->command);
		if (text)
			is_good = check_fault(what, text);
	}
	return is_good;
}

static void warn_of_repetitions(const struct postconf *postfix)
{
	for (size_t i = 0; i < postconf_service_count(postfix); i++) {
		const struct postconf_service *service = postconf_service(postfix, i);

		if (!service->is_repeated)
			continue;
		g_autofree char *text =
		    g_strdup_printf("master.cf has %s more than once, and Postfix takes the last; "
				    "remove the others",
				    service->label);
		check_warning(what, text);
	}
}

/* What the ways of a bounce need. */
static bool check_programs(const struct postconf *postfix)
{
	static const char *const needed[] = {"smtpd", "cleanup", "bounce", "qmgr", NULL};
	g_autofree char *dir = postconf_value(postfix, NULL, "daemon_directory");

	for (const char *const *name = needed; *name; name++) {
		g_autofree char *path = g_build_filename(dir, *name, NULL);

		if (access(path, X_OK) == 0)
			continue;
		g_autofree char *text =
		    g_strdup_printf("daemon_directory = %s: there is no %s, so Postfix does not "
				    "run; write what \"postconf -d daemon_directory\" says",
				    dir, *name);
		return check_fault(what, text);
	}
	return true;
}

/* --- tables --------------------------------------------------------------------------------- */

/* Postfix makes these itself. */
static bool is_made_by_itself(const char *name)
{
	return strstr(name, "_cache_") || strcmp(name, "address_verify_map") == 0 ||
	       strcmp(name, "alias_database") == 0;
}

/* The aliases that Postfix has by default are those of accounts. */
static bool is_asked(const struct postconf *postfix, const char *name, const char *value)
{
	return !is_made_by_itself(name) && strcmp(value, postconf_default(postfix, name)) != 0;
}

static void visit_tables(const char *place, const char *name, const char *value, const void *data)
{
	const struct postconf *postfix = data;
	g_autoptr(GPtrArray) elements = lookup_table_split(value);

	for (guint i = 0; i < elements->len; i++) {
		g_autofree char *file = lookup_table_missing_file(elements->pdata[i]);

		if (!file || !is_asked(postfix, name, value))
			continue;
		g_autofree char *text = g_strdup_printf(
		    "%s: %s: %s is not there, and what Postfix would ask it about is put off; "
		    "newaliases makes the tables of aliases, \"postmap TABLE\" the others",
		    place, name, file);
		check_warning(what, text);
	}
}

/* --- main.cf -------------------------------------------------------------------------------- */

/* postmap reads main.cf as every other program does, and asks no file here. */
bool startup_reads_main(void)
{
	static const char *const arguments[] = {"postmap", "-q", "x", "static:x", NULL};
	g_autofree char *output = NULL;
	g_autofree char *complaint = NULL;
	int status = 0;

	if (!g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
			  &complaint, &status, NULL) ||
	    !strstr(complaint, "fatal: "))
		return true;
	g_autofree char *text =
	    g_strdup_printf("no program of Postfix starts: %s; write it as postconf(5) has it",
			    g_strdelimit(g_strstrip(complaint), "\n", ' '));
	return check_fault(what, text);
}

/* --- types ---------------------------------------------------------------------------------- */

static bool is_main_cf_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool is_main_cf_time(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && strchr("smhdw", text[digits]) && text[digits] != '\0' &&
	       text[digits + 1] == '\0';
}

static bool is_switch(const char *text)
{
	return g_ascii_strcasecmp(text, "yes") == 0 || g_ascii_strcasecmp(text, "no") == 0;
}

/* Those whose default is one of the words that they know. */
static bool has_type_of_its_own(const char *name)
{
	static const char *const names[] = {"milter_protocol", "compatibility_level",
					    "lmtp_tcp_port", "smtpd_forbid_bare_newline", NULL};

	return g_strv_contains(names, name) || g_str_has_suffix(name, "_feedback");
}

/* "300s" of "${stress?{10}:{300}}s", or else the text. Heap. */
static char *last_alternative(const char *text)
{
	const char *start = strrchr(text, '{');
	const char *end = strrchr(text, '}');

	if (*text != '$' || !start || !end)
		return g_strdup(text);
	return g_strdup_printf("%.*s%s", (int)strcspn(start + 1, "}"), start + 1, end + 1);
}

/* Those of which smtpd, cleanup and qmgr want 1 at least, as tried with Postfix 3.7; what all
 * programs read, postmap has read. */
static bool is_below_minimum(const char *name, const char *value)
{
	static const char *const names[] = {"default_recipient_refill_delay",
					    "default_recipient_refill_limit",
					    "hopcount_limit",
					    "initial_destination_concurrency",
					    "maximal_backoff_time",
					    "milter_command_timeout",
					    "milter_connect_timeout",
					    "milter_content_timeout",
					    "minimal_backoff_time",
					    "qmgr_daemon_timeout",
					    "qmgr_ipc_timeout",
					    "qmgr_message_active_limit",
					    "qmgr_message_recipient_limit",
					    "qmgr_message_recipient_minimum",
					    "queue_file_attribute_count_limit",
					    "queue_run_delay",
					    "smtpd_hard_error_limit",
					    "smtpd_history_flush_threshold",
					    "smtpd_junk_command_limit",
					    "smtpd_min_data_rate",
					    "smtpd_policy_service_max_idle",
					    "smtpd_policy_service_max_ttl",
					    "smtpd_policy_service_retry_delay",
					    "smtpd_policy_service_timeout",
					    "smtpd_policy_service_try_limit",
					    "smtpd_proxy_timeout",
					    "smtpd_recipient_limit",
					    "smtpd_recipient_overshoot_limit",
					    "smtpd_soft_error_limit",
					    "smtpd_timeout",
					    "smtpd_upstream_proxy_timeout",
					    "virtual_alias_address_length_limit",
					    "virtual_alias_expansion_limit",
					    NULL};
	size_t zeros = strspn(value, "0");

	return zeros > 0 && (value[zeros] == '\0' || is_main_cf_time(value)) &&
	       g_strv_contains(names, name);
}

static void visit_value(const char *place, const char *name, const char *value, const void *data)
{
	const struct postconf *postfix = data;
	g_autofree char *usual = last_alternative(postconf_default(postfix, name));
	const char *type = NULL;

	if (strchr(value, '$') || has_type_of_its_own(name))
		return;
	if (is_switch(usual) && !is_switch(value))
		type = "yes or no";
	else if (is_main_cf_number(usual) && !is_main_cf_number(value))
		type = "a number";
	else if (is_main_cf_time(usual) && !is_main_cf_time(value) && !is_main_cf_number(value))
		type = "a time as 30s, 5m, 1h or 2d";
	if (!type)
		return;
	g_autofree char *text =
	    g_strdup_printf("%s: %s = %s is not %s: what reads it ends with a fatal error", place,
			    name, value, type);
	check_warning(what, text);
}

struct minima {
	bool *is_good;
};

static void visit_minimum(const char *place, const char *name, const char *value, const void *data)
{
	const struct minima *minima = data;

	if (!is_below_minimum(name, value))
		return;
	g_autofree char *text =
	    g_strdup_printf("%s: %s = %s: what reads it ends with a fatal error; "
			    "write 1 or more, or remove it",
			    place, name, value);
	*minima->is_good = check_fault(what, text);
}

static bool check_minima(const struct postconf *postfix)
{
	bool is_good = true;
	const struct minima minima = {&is_good};

	postconf_visit(postfix, visit_minimum, &minima);
	return is_good;
}

/* bounce(8) reads it when it starts. */
static bool check_template(const struct postconf *postfix)
{
	g_autofree char *path = postconf_value(postfix, NULL, "bounce_template_file");

	if (*path == '\0' || access(path, R_OK) == 0)
		return true;
	g_autofree char *text =
	    g_strdup_printf("bounce_template_file = %s cannot be read, so bounce cannot start and "
			    "makes no report; write it, or leave the parameter empty",
			    path);
	return check_fault(what, text);
}

/* master_service_disable has names like "inet" and "smtp.inet". */
bool startup_check_service(const struct postconf *postfix, const struct postconf_service *service)
{
	g_autofree char *disabled = postconf_value(postfix, NULL, "master_service_disable");
	g_autofree char *full = g_strdup_printf("%s.%s", service->name, service->type);

	if (!postconf_has_word(disabled, full) && !postconf_has_word(disabled, service->type))
		return true;
	return check_faultf(what, "master_service_disable = %s: %s does not run; take it out of it",
			    disabled, service->label);
}

bool startup_check(const struct postconf *postfix)
{
	bool complaints = check_complaints(postfix);
	bool arguments = check_arguments(postfix);
	bool template = check_template(postfix);
	bool programs = check_programs(postfix);
	bool minima = check_minima(postfix);

	warn_of_repetitions(postfix);
	postconf_visit(postfix, visit_tables, postfix);
	postconf_visit(postfix, visit_value, postfix);
	return complaints && arguments && template && programs && minima;
}
