/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Two ways lead to us: smtpd's, for reports of others, is followed here; that of bounce, defer and
 * trace in own_reports.c.
 */
#include "milter/postfix/postfix_check.h"

#include <string.h>

#include "daemon/check.h"
#include "milter/postfix/admission.h"
#include "milter/postfix/content_checks.h"
#include "milter/postfix/general_settings.h"
#include "milter/postfix/own_reports.h"
#include "milter/postfix/service_milter_faults.h"
#include "milter/postfix/service_milters.h"
#include "milter/postfix/startup.h"
#include "milter/postfix/transport.h"

static const char what[] = "Postfix";

struct wiring {
	const struct postconf *postfix;
	const struct milter_settings *settings;
	const char *const *addresses; /* one of each bounce domain */
	bool is_good;
};

static char *wired_value(const struct wiring *wiring, const struct postconf_service *service,
			 const char *name)
{
	return postconf_value(wiring->postfix, service, name);
}

static bool has_service_value(const struct wiring *wiring, const struct postconf_service *service,
			      const char *name, const char *expected)
{
	g_autofree char *value = wired_value(wiring, service, name);

	return strcmp(value, expected) == 0;
}

static struct service_milters smtp_milters(const struct wiring *wiring,
					   const struct postconf_service *service)
{
	return (struct service_milters){wiring->postfix, wiring->settings, service,
					SERVICE_MILTERS_SMTP};
}

/* --- what comes over SMTP ------------------------------------------------------------------ */

static void check_smtp_service(struct wiring *wiring, const struct service_milters *milters)
{
	g_autofree char *filter = transport_filter_fault(wiring->postfix, milters->service);

	wiring->is_good = service_milter_faults_check(milters) && wiring->is_good;
	if (filter)
		wiring->is_good = check_faultf(what, "%s", filter);
	if (postconf_is_overridden(wiring->postfix, milters->service, OWN_REPORTS_MARK) &&
	    has_service_value(wiring, milters->service, OWN_REPORTS_MARK,
			      wiring->settings->own_mta_daemon_name))
		wiring->is_good = check_faultf(
		    what,
		    "master.cf, -o of %s: %s = %s: every client's mail would count as our own "
		    "MTA's, which may block; remove it",
		    milters->service->label, OWN_REPORTS_MARK,
		    wiring->settings->own_mta_daemon_name);
}

/* Of each of them once. */
static void check_their_cleanups(struct wiring *wiring, const GPtrArray *lists)
{
	const struct postconf_service *last = NULL;

	for (guint i = 0; i < lists->len; i++) {
		const struct service_milters *milters = lists->pdata[i];
		g_autofree char *name =
		    wired_value(wiring, milters->service, "cleanup_service_name");
		const struct postconf_service *cleanup =
		    postconf_find(wiring->postfix, name, "unix");

		if (service_milters_lead_to_us(milters) && cleanup && cleanup != last)
			wiring->is_good =
			    content_checks_check(wiring->postfix, cleanup) && wiring->is_good;
		last = cleanup;
	}
}

static void check_admission(struct wiring *wiring, const struct postconf_service *service)
{
	if (!admission_check(wiring->postfix, service, wiring->addresses))
		wiring->is_good = false;
}

static void report_miss(struct wiring *wiring, const struct service_milters *milters,
			bool is_elsewhere)
{
	g_autofree char *why = service_milters_explain(milters);
	g_autofree char *how = service_milters_advise(milters);

	if (!is_elsewhere) {
		wiring->is_good =
		    check_faultf(what, "bounces that come to %s never reach us: %s; %s",
				 milters->service->label, why, how);
		return;
	}
	g_autofree char *text =
	    g_strdup_printf("bounces that come to %s do not reach us: %s; right where the MX or "
			    "the transport of the bounce domain is another service, otherwise %s",
			    milters->service->label, why, how);
	check_warning(what, text);
}

/* Which smtpd's are looked at: where others connect, or all where there is none such. */
static GPtrArray *list_smtp_milters(const struct wiring *wiring, bool only_public)
{
	GPtrArray *lists = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < postconf_service_count(wiring->postfix); i++) {
		const struct postconf_service *service = postconf_service(wiring->postfix, i);
		struct service_milters *milters;

		if (strcmp(service->command, "smtpd") != 0 ||
		    (only_public && !admission_is_public(service)))
			continue;
		milters = g_new(struct service_milters, 1);
		*milters = smtp_milters(wiring, service);
		g_ptr_array_add(lists, milters);
	}
	return lists;
}

static guint count_leading(const GPtrArray *lists)
{
	guint count = 0;

	for (guint i = 0; i < lists->len; i++)
		count += service_milters_lead_to_us(lists->pdata[i]) ? 1 : 0;
	return count;
}

/* The bounce domain may have a service of its own, which an -o of it leads to us. Then main.cf
 * does not, and the others need not. */
static bool has_own_service(const struct wiring *wiring, const GPtrArray *all)
{
	const struct service_milters of_main = smtp_milters(wiring, NULL);

	if (service_milters_lead_to_us(&of_main))
		return false;
	for (guint i = 0; i < all->len; i++) {
		const struct service_milters *milters = all->pdata[i];

		if (service_milters_lead_to_us(milters) &&
		    !admission_is_submission(milters->service))
			return true;
	}
	return false;
}

static void check_smtp(struct wiring *wiring)
{
	g_autoptr(GPtrArray) all = list_smtp_milters(wiring, false);
	g_autoptr(GPtrArray) public_milters = list_smtp_milters(wiring, true);
	const GPtrArray *needed = public_milters->len > 0 ? public_milters : all;
	bool is_elsewhere = has_own_service(wiring, all) || count_leading(needed) > 0;

	if (all->len == 0)
		wiring->is_good = check_faultf(
		    what, "master.cf: there is no smtpd, so no bounce comes from outside");
	for (guint i = 0; i < all->len; i++)
		if (service_milters_lead_to_us(all->pdata[i]))
			check_smtp_service(wiring, all->pdata[i]);
	for (guint i = 0; i < needed->len; i++) {
		const struct service_milters *milters = needed->pdata[i];

		if (service_milters_lead_to_us(milters) &&
		    !admission_is_submission(milters->service))
			check_admission(wiring, milters->service);
		else if (!service_milters_lead_to_us(milters))
			report_miss(wiring, milters, is_elsewhere);
	}
	check_their_cleanups(wiring, needed);
	admission_warn_of_port(wiring->postfix);
}

/* --- main.cf -------------------------------------------------------------------------------- */

/* Without one of them Postfix takes no mail, or sends none. */
static void check_core(struct wiring *wiring)
{
	static const char *const names[] = {"cleanup_service_name", "queue_service_name",
					    "rewrite_service_name", "error_service_name"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *name = wired_value(wiring, NULL, names[i]);
		const struct postconf_service *service =
		    postconf_find(wiring->postfix, name, "unix");

		if (!service)
			service = postconf_find(wiring->postfix, name, "fifo"); /* old qmgr */
		if (!service)
			wiring->is_good =
			    check_faultf(what,
					 "master.cf: there is no service %s/unix, without which "
					 "Postfix handles no mail; take the # away before it",
					 name);
		else if (!startup_check_service(wiring->postfix, service))
			wiring->is_good = false;
	}
}

static void wire_main_cf(struct wiring *wiring)
{
	g_autofree char *general = general_settings_fault(wiring->postfix);
	g_autofree char *flow = wired_value(wiring, NULL, "in_flow_delay");

	if (has_service_value(wiring, NULL, OWN_REPORTS_MARK,
			      wiring->settings->own_mta_daemon_name))
		wiring->is_good = check_faultf(
		    what,
		    "main.cf: %s = %s: every client's mail would count as our own MTA's, which "
		    "may block; remove it there, and write it below bounce-cleanup in master.cf",
		    OWN_REPORTS_MARK, wiring->settings->own_mta_daemon_name);
	if (general)
		wiring->is_good = check_faultf(what, "%s", general);
	general_settings_warn(wiring->postfix, wiring->addresses);
	if (*flow != '0')
		check_warning(what, "main.cf: in_flow_delay is not 0: discarded bounces slow all "
				    "mail down after 100 of them; write in_flow_delay = 0");
}

bool postfix_check(const struct postconf *postfix, const struct milter_settings *settings,
		   const char *const *addresses)
{
	struct wiring wiring = {postfix, settings, addresses, true};

	wiring.is_good = startup_check(postfix);
	wire_main_cf(&wiring);
	check_core(&wiring);
	check_smtp(&wiring);
	wiring.is_good = own_reports_check(postfix, settings) && wiring.is_good;
	if (wiring.is_good)
		check_result(what, NULL,
			     "hands us what comes over SMTP and its own reports, and "
			     "keeps them while we are away");
	return wiring.is_good;
}
