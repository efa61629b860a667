/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Other mail systems know port 25 alone, need not have TLS, and log in nowhere.
 */
#include "milter/postfix/admission.h"

#include <string.h>
#include <unistd.h>

#include "daemon/check.h"
#include "milter/postfix/restrictions.h"
#include "milter/postfix/startup.h"

static const char what[] = "Postfix";

bool admission_is_public(const struct postconf_service *service)
{
	return strcmp(service->type, "pass") == 0 ||
	       (strcmp(service->type, "inet") == 0 &&
		(postconf_has_word("smtp 25", service->name) ||
		 g_str_has_suffix(service->name, ":smtp") ||
		 g_str_has_suffix(service->name, ":25")));
}

bool admission_is_submission(const struct postconf_service *service)
{
	g_auto(GStrv) parts = g_strsplit(service->name, ":", -1);
	guint len = g_strv_length(parts);

	return postconf_has_word("submission submissions smtps 587 465", parts[len - 1]);
}

/* For each bounce domain, up to the first fault. */
static bool check_rules(const struct postconf *postfix, const struct postconf_service *service,
			const char *const *addresses)
{
	const char *const none[] = {"", NULL};
	g_autofree char *refusal = NULL;

	if (!*addresses)
		addresses = none;
	for (; *addresses && !refusal; addresses++) {
		refusal = restrictions_fault(postfix, service, *addresses);
		if (!refusal)
			restrictions_warn(postfix, service, *addresses);
	}
	return !refusal || check_faultf(what, "%s", refusal);
}

/* A level that smtpd(8) does not know counts as "encrypt". */
static bool check_tls(const struct postconf *postfix, const struct postconf_service *service)
{
	static const char *const switches[] = {"smtpd_enforce_tls", "smtpd_tls_wrappermode"};
	g_autofree char *level = postconf_value(postfix, service, "smtpd_tls_security_level");
	bool is_good = true;

	if (*level != '\0' && strcmp(level, "may") != 0 && strcmp(level, "none") != 0)
		is_good =
		    check_faultf(what,
				 "smtpd_tls_security_level = %s: mail systems without TLS cannot "
				 "bring a bounce to %s; write may",
				 level, service->label);
	for (size_t i = 0; i < G_N_ELEMENTS(switches); i++) {
		g_autofree char *value = postconf_value(postfix, service, switches[i]);

		if (g_ascii_strcasecmp(value, "yes") == 0)
			is_good =
			    check_faultf(what,
					 "%s = %s: mail systems without TLS cannot bring a bounce "
					 "to %s; write no",
					 switches[i], value, service->label);
	}
	return is_good;
}

/* smtpd(8) ends at once where Dovecot does not answer, whoever has connected. */
static void warn_of_login(const struct postconf *postfix, const struct postconf_service *service)
{
	g_autofree char *is_on = postconf_value(postfix, service, "smtpd_sasl_auth_enable");
	g_autofree char *type = postconf_value(postfix, service, "smtpd_sasl_type");
	g_autofree char *path = postconf_value(postfix, service, "smtpd_sasl_path");
	g_autofree char *queue = postconf_value(postfix, NULL, "queue_directory");
	g_autofree char *socket = g_build_filename(*path == '/' ? "/" : queue, path, NULL);

	if (g_ascii_strcasecmp(is_on, "yes") != 0 || strcmp(type, "dovecot") != 0 ||
	    g_str_has_prefix(path, "inet:") || access(socket, F_OK) == 0)
		return;
	g_autofree char *text = g_strdup_printf(
	    "smtpd_sasl_path of %s: %s is not there, and without it smtpd ends as soon as "
	    "somebody connects; start Dovecot, or write -o smtpd_sasl_auth_enable=no below %s",
	    service->label, socket, service->label);
	check_warning(what, text);
}

/* smtpd(8) then waits for a proxy's first line, whoever has connected. */
static void warn_of_proxy(const struct postconf *postfix, const struct postconf_service *service)
{
	static const char name[] = "smtpd_upstream_proxy_protocol";
	g_autofree char *protocol = postconf_value(postfix, service, name);
	g_autofree char *text = g_strdup_printf(
	    "%s = %s: only a proxy can bring a bounce to %s, and everybody else is turned away; "
	    "right where that proxy has port 25, otherwise leave it empty",
	    name, protocol, service->label);

	if (*protocol != '\0' && strcmp(service->type, "inet") == 0)
		check_warning(what, text);
}

/* The line of postscreen(8) with another program has it. */
static void warn_of_one_client(const struct postconf_service *service)
{
	g_autofree char *text = g_strdup_printf(
	    "%s may run as one process, so clients come one at a time, and one that hangs keeps "
	    "all others out; write - into its process limit",
	    service->label);

	if (strcmp(service->process_limit, "1") == 0)
		check_warning(what, text);
}

bool admission_check(const struct postconf *postfix, const struct postconf_service *service,
		     const char *const *addresses)
{
	bool is_enabled = startup_check_service(postfix, service);
	bool is_open = check_rules(postfix, service, addresses);

	warn_of_login(postfix, service);
	warn_of_proxy(postfix, service);
	warn_of_one_client(service);
	return check_tls(postfix, service) && is_enabled && is_open;
}

/* --- the port ------------------------------------------------------------------------------- */

static bool is_loopback(const struct postconf_service *service)
{
	return g_str_has_prefix(service->name, "127.") ||
	       g_str_has_prefix(service->name, "localhost:") ||
	       g_str_has_prefix(service->name, "[::1]") || g_str_has_prefix(service->name, "::1:");
}

void admission_warn_of_port(const struct postconf *postfix)
{
	const struct postconf_service *local = NULL;

	for (size_t i = 0; i < postconf_service_count(postfix); i++) {
		const struct postconf_service *service = postconf_service(postfix, i);

		if (strcmp(service->type, "inet") != 0 || !admission_is_public(service) ||
		    !postconf_has_word("smtpd postscreen", service->command))
			continue;
		if (!is_loopback(service))
			return;
		local = service;
	}
	g_autofree char *text =
	    local ? g_strdup_printf("master.cf: %s is for this machine alone: no other mail system "
				    "can bring us a bounce; write smtp, unless another host hands "
				    "them on",
				    local->label)
		  : g_strdup("master.cf: no smtpd listens at port 25, where other mail systems "
			     "bring bounces; take the # away before smtp/inet, unless another "
			     "host or a proxy hands them on");
	check_warning(what, text);
}
