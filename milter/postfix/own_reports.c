/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The way of a report is followed service by service.
 */
#include "milter/postfix/own_reports.h"

#include <string.h>

#include "daemon/check.h"
#include "milter/postfix/content_checks.h"
#include "milter/postfix/service_milter_faults.h"
#include "milter/postfix/service_milters.h"
#include "milter/postfix/startup.h"

static const char what[] = "Postfix";

/* What a local user submits must not come in by the way of the reports. */
static bool check_neighbours(const struct postconf *postfix, const struct postconf_service *cleanup)
{
	bool is_good = true;

	for (size_t i = 0; i < postconf_service_count(postfix); i++) {
		const struct postconf_service *service = postconf_service(postfix, i);
		g_autofree char *theirs = postconf_value(postfix, service, "cleanup_service_name");

		if (postconf_has_word("pickup smtpd qmqpd", service->command) &&
		    strcmp(theirs, cleanup->name) == 0)
			is_good = check_faultf(
			    what,
			    "%s hands its mail to %s, where all of it counts as our own MTA's, "
			    "which may block; give bounce, defer and trace a cleanup of their own",
			    service->label, cleanup->label);
	}
	return is_good;
}

static bool check_mark(const struct postconf *postfix, const struct milter_settings *settings,
		       const struct postconf_service *cleanup)
{
	const char *own_name = settings->own_mta_daemon_name;
	g_autofree char *name = postconf_value(postfix, cleanup, OWN_REPORTS_MARK);
	g_autofree char *macros = postconf_value(postfix, cleanup, "milter_connect_macros");
	bool is_good = true;

	if (strcmp(name, own_name) != 0)
		is_good = check_faultf(
		    what,
		    "%s: %s is \"%s\", but own_mta_daemon_name is \"%s\": the reports of this "
		    "Postfix would not be believed; write -o %s=%s below it",
		    cleanup->label, OWN_REPORTS_MARK, name, own_name, OWN_REPORTS_MARK, own_name);
	if (!postconf_has_word(macros, "{daemon_name}"))
		is_good = check_faultf(
		    what,
		    "%s: milter_connect_macros lacks {daemon_name}: the reports of this Postfix "
		    "would not be believed; add it",
		    cleanup->label);
	return is_good;
}

/* Whether it runs as bounce(8) needs it. */
static bool check_service(const struct postconf *postfix, const struct postconf_service *cleanup)
{
	bool is_good = startup_check_service(postfix, cleanup);

	if (strcmp(cleanup->command, "cleanup") != 0)
		is_good = check_faultf(what, "%s runs %s; its last column must be cleanup",
				       cleanup->label, cleanup->command);
	if (strcmp(cleanup->process_limit, "0") != 0)
		is_good = check_faultf(
		    what,
		    "%s has the process limit %s: Postfix then stops every report with a fatal "
		    "error; write 0",
		    cleanup->label, cleanup->process_limit);
	if (cleanup->is_private)
		is_good = check_faultf(
		    what,
		    "%s is private in master.cf, so bounce does not find it; write n into its "
		    "third column",
		    cleanup->label);
	return is_good;
}

static bool check_milters(const struct service_milters *milters)
{
	if (service_milters_lead_to_us(milters))
		return service_milter_faults_check(milters);
	g_autofree char *why = service_milters_explain(milters);
	g_autofree char *how = service_milters_advise(milters);
	return check_faultf(what, "reports of this Postfix never reach us: %s; %s", why, how);
}

static bool check_cleanup(const struct postconf *postfix, const struct milter_settings *settings,
			  const struct postconf_service *cleanup)
{
	const struct service_milters milters = {postfix, settings, cleanup,
						SERVICE_MILTERS_REPORTS};
	bool is_good = check_service(postfix, cleanup);

	is_good = check_milters(&milters) && is_good;
	is_good = content_checks_check(postfix, cleanup) && is_good;
	is_good = check_mark(postfix, settings, cleanup) && is_good;
	return check_neighbours(postfix, cleanup) && is_good;
}

/* Whether it is a bounce(8), and filters see what it makes. */
static bool check_maker(const struct postconf *postfix, const struct postconf_service *service)
{
	g_autofree char *classes = postconf_value(postfix, service, "internal_mail_filter_classes");

	if (strcmp(service->command, "bounce") != 0)
		return check_faultf(
		    what, "%s runs %s, which makes no reports; its last column must be bounce",
		    service->label, service->command);
	if (!postconf_has_word(classes, "bounce"))
		return check_faultf(
		    what,
		    "reports that %s makes never reach us; in master.cf, write below it: -o "
		    "internal_mail_filter_classes=bounce -o cleanup_service_name=bounce-cleanup",
		    service->label);
	return true;
}

/* The cleanup of a service that makes reports; NULL after a fault. */
static const struct postconf_service *find_cleanup(const struct postconf *postfix,
						   const struct postconf_service *service)
{
	g_autofree char *name = postconf_value(postfix, service, "cleanup_service_name");
	const struct postconf_service *cleanup = postconf_find(postfix, name, "unix");

	if (!check_maker(postfix, service))
		return NULL;
	if (!cleanup)
		check_faultf(what,
			     "%s: master.cf has no service %s/unix, so its reports go nowhere; add "
			     "it as master.cf.example has it",
			     service->label, name);
	return cleanup;
}

/* The service that such a parameter of main.cf names; NULL after a fault. */
static const struct postconf_service *find_maker(const struct postconf *postfix,
						 const char *parameter)
{
	g_autofree char *name = postconf_value(postfix, NULL, parameter);
	const struct postconf_service *service = postconf_find(postfix, name, "unix");

	if (!service)
		check_faultf(what, "master.cf: there is no service %s/unix", name);
	return service;
}

static bool check_is_private(const struct postconf_service *service)
{
	return service->is_private ||
	       check_faultf(what,
			    "%s is not private in master.cf, so the queue manager does not find "
			    "it; write - into its third column",
			    service->label);
}

bool own_reports_check(const struct postconf *postfix, const struct milter_settings *settings)
{
	static const char *const names[] = {"bounce_service_name", "defer_service_name",
					    "trace_service_name"};
	g_autoptr(GPtrArray) cleanups = g_ptr_array_new();
	bool is_good = true;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const struct postconf_service *maker = find_maker(postfix, names[i]);

		is_good = maker && check_is_private(maker) && is_good;
		const struct postconf_service *cleanup =
		    maker ? find_cleanup(postfix, maker) : NULL;
		is_good = cleanup && is_good;
		if (cleanup && !g_ptr_array_find(cleanups, cleanup, NULL))
			g_ptr_array_add(cleanups, (void *)cleanup);
	}
	for (guint i = 0; i < cleanups->len; i++)
		is_good = check_cleanup(postfix, settings, cleanups->pdata[i]) && is_good;
	return is_good;
}
