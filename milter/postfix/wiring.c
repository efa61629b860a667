/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Two ways lead to us: smtpd's for reports of others, and that of bounce, defer and trace through
 * a cleanup of their own. Each is followed service by service.
 */
#include "milter/postfix/wiring.h"

#include <string.h>

#include "daemon/check.h"
#include "milter/postfix/admission.h"
#include "milter/postfix/contents.h"
#include "milter/postfix/leftovers.h"
#include "milter/postfix/pitfalls.h"
#include "milter/postfix/startup.h"
#include "milter/postfix/way.h"

static const char what[] = "Postfix";
static const char mark_parameter[] = "milter_macro_daemon_name";

struct wiring {
	const struct postconf *postfix;
	const struct milter_settings *settings;
	const char *const *addresses; /* one of each bounce domain */
	bool is_good;
};

static void add_wiring_fault(struct wiring *wiring, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_wiring_fault(struct wiring *wiring, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	wiring->is_good = check_fault(what, text);
}

static bool is_command(const struct postconf_service *service, const char *commands)
{
	return postconf_has_word(commands, service->command);
}

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

static struct way way_of(const struct wiring *wiring, const struct postconf_service *service,
			 const char *parameter)
{
	return (struct way){wiring->postfix, wiring->settings, service, parameter};
}

/* Of a way that leads to us. */
static void check_way(struct wiring *wiring, const struct way *way)
{
	g_autofree char *action = way_action_fault(way);
	g_autofree char *pitfall = pitfalls_of_way(way);

	if (action)
		add_wiring_fault(wiring, "%s", action);
	if (pitfall)
		add_wiring_fault(wiring, "%s", pitfall);
	for (size_t i = 0; i < MILTER_TIMEOUTS; i++) {
		g_autofree char *wait = way_wait_fault(way, (enum milter_timeout)i);

		if (wait)
			add_wiring_fault(wiring, "%s", wait);
	}
}

static void check_contents(struct wiring *wiring, const struct postconf_service *cleanup)
{
	g_autofree char *text = cleanup ? contents_fault(wiring->postfix, cleanup) : NULL;

	if (text)
		add_wiring_fault(wiring, "%s", text);
}

/* --- what comes over SMTP ------------------------------------------------------------------ */

static void check_smtp_service(struct wiring *wiring, const struct way *way)
{
	g_autofree char *filter = leftovers_filter_fault(wiring->postfix, way->service);

	check_way(wiring, way);
	if (filter)
		add_wiring_fault(wiring, "%s", filter);
	if (postconf_is_overridden(wiring->postfix, way->service, mark_parameter) &&
	    has_service_value(wiring, way->service, mark_parameter,
			      wiring->settings->own_mta_daemon_name))
		add_wiring_fault(
		    wiring,
		    "master.cf, -o of %s: %s = %s: every client's mail would count as our own "
		    "MTA's, which may block; remove it",
		    way->service->label, mark_parameter, wiring->settings->own_mta_daemon_name);
}

/* Of each of them once. */
static void check_their_cleanups(struct wiring *wiring, const GPtrArray *ways)
{
	const struct postconf_service *last = NULL;

	for (guint i = 0; i < ways->len; i++) {
		const struct way *way = ways->pdata[i];
		g_autofree char *name = wired_value(wiring, way->service, "cleanup_service_name");
		const struct postconf_service *cleanup =
		    postconf_find(wiring->postfix, name, "unix");

		if (way_leads_to_us(way) && cleanup != last)
			check_contents(wiring, cleanup);
		last = cleanup;
	}
}

static void check_admission(struct wiring *wiring, const struct postconf_service *service)
{
	if (!admission_check(wiring->postfix, service, wiring->addresses))
		wiring->is_good = false;
}

static void report_miss(struct wiring *wiring, const struct way *way, bool is_elsewhere)
{
	g_autofree char *why = way_explain(way);
	g_autofree char *how = way_advise(way);

	if (!is_elsewhere) {
		add_wiring_fault(wiring, "bounces that come to %s never reach us: %s; %s",
				 way->service->label, why, how);
		return;
	}
	g_autofree char *text =
	    g_strdup_printf("bounces that come to %s do not reach us: %s; right where the MX or "
			    "the transport of the bounce domain is another service, otherwise %s",
			    way->service->label, why, how);
	check_warning(what, text);
}

/* Which smtpd's are looked at: where others connect, or all where there is none such. */
static GPtrArray *smtp_ways(const struct wiring *wiring, bool only_public)
{
	GPtrArray *ways = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < postconf_service_count(wiring->postfix); i++) {
		const struct postconf_service *service = postconf_service(wiring->postfix, i);
		struct way *way;

		if (!is_command(service, "smtpd") || (only_public && !admission_is_public(service)))
			continue;
		way = g_new(struct way, 1);
		*way = way_of(wiring, service, WAY_SMTP);
		g_ptr_array_add(ways, way);
	}
	return ways;
}

static guint count_leading(const GPtrArray *ways)
{
	guint count = 0;

	for (guint i = 0; i < ways->len; i++)
		count += way_leads_to_us(ways->pdata[i]) ? 1 : 0;
	return count;
}

/* The bounce domain may have a service of its own, which an -o of it leads to us. Then main.cf
 * does not, and the others need not. */
static bool has_own_service(const struct wiring *wiring, const GPtrArray *all)
{
	const struct way of_main = way_of(wiring, NULL, WAY_SMTP);

	if (way_leads_to_us(&of_main))
		return false;
	for (guint i = 0; i < all->len; i++) {
		const struct way *way = all->pdata[i];

		if (way_leads_to_us(way) && !admission_is_submission(way->service))
			return true;
	}
	return false;
}

static void check_smtp(struct wiring *wiring)
{
	g_autoptr(GPtrArray) all = smtp_ways(wiring, false);
	g_autoptr(GPtrArray) public_ways = smtp_ways(wiring, true);
	const GPtrArray *needed = public_ways->len > 0 ? public_ways : all;
	bool is_elsewhere = has_own_service(wiring, all) || count_leading(needed) > 0;

	if (all->len == 0)
		add_wiring_fault(wiring,
				 "master.cf: there is no smtpd, so no bounce comes from outside");
	for (guint i = 0; i < all->len; i++)
		if (way_leads_to_us(all->pdata[i]))
			check_smtp_service(wiring, all->pdata[i]);
	for (guint i = 0; i < needed->len; i++) {
		const struct way *way = needed->pdata[i];

		if (way_leads_to_us(way) && !admission_is_submission(way->service))
			check_admission(wiring, way->service);
		else if (!way_leads_to_us(way))
			report_miss(wiring, way, is_elsewhere);
	}
	check_their_cleanups(wiring, needed);
	admission_warn_of_port(wiring->postfix);
}

/* --- reports of this Postfix --------------------------------------------------------------- */

/* What a local user submits must not come in by the way of the reports. */
static void check_neighbours(struct wiring *wiring, const struct postconf_service *cleanup)
{
	for (size_t i = 0; i < postconf_service_count(wiring->postfix); i++) {
		const struct postconf_service *service = postconf_service(wiring->postfix, i);

		if (is_command(service, "pickup smtpd qmqpd") &&
		    has_service_value(wiring, service, "cleanup_service_name", cleanup->name))
			add_wiring_fault(
			    wiring,
			    "%s hands its mail to %s, where all of it counts as our own MTA's, "
			    "which may block; give bounce, defer and trace a cleanup of their own",
			    service->label, cleanup->label);
	}
}

static void check_mark(struct wiring *wiring, const struct postconf_service *cleanup)
{
	const char *own_name = wiring->settings->own_mta_daemon_name;
	g_autofree char *name = wired_value(wiring, cleanup, mark_parameter);
	g_autofree char *macros = wired_value(wiring, cleanup, "milter_connect_macros");

	if (strcmp(name, own_name) != 0)
		add_wiring_fault(
		    wiring,
		    "%s: %s is \"%s\", but own_mta_daemon_name is \"%s\": the reports of this "
		    "Postfix would not be believed; write -o %s=%s below it",
		    cleanup->label, mark_parameter, name, own_name, mark_parameter, own_name);
	if (!postconf_has_word(macros, "{daemon_name}"))
		add_wiring_fault(
		    wiring,
		    "%s: milter_connect_macros lacks {daemon_name}: the reports of this Postfix "
		    "would not be believed; add it",
		    cleanup->label);
}

static void check_cleanup(struct wiring *wiring, const struct postconf_service *cleanup)
{
	const struct way way = way_of(wiring, cleanup, WAY_REPORTS);

	if (!is_command(cleanup, "cleanup"))
		add_wiring_fault(wiring, "%s runs %s; its last column must be cleanup",
				 cleanup->label, cleanup->command);
	if (strcmp(cleanup->process_limit, "0") != 0)
		add_wiring_fault(
		    wiring,
		    "%s has the process limit %s: Postfix then stops every report with a fatal "
		    "error; write 0",
		    cleanup->label, cleanup->process_limit);
	if (!way_leads_to_us(&way)) {
		g_autofree char *why = way_explain(&way);
		g_autofree char *how = way_advise(&way);

		add_wiring_fault(wiring, "reports of this Postfix never reach us: %s; %s", why,
				 how);
	} else {
		check_way(wiring, &way);
	}
	if (cleanup->is_private)
		add_wiring_fault(
		    wiring,
		    "%s is private in master.cf, so bounce does not find it; write n into its "
		    "third column",
		    cleanup->label);
	if (!admission_check_enabled(wiring->postfix, cleanup))
		wiring->is_good = false;
	check_contents(wiring, cleanup);
	check_mark(wiring, cleanup);
	check_neighbours(wiring, cleanup);
}

/* The cleanup of a service that makes reports; NULL after a fault. */
static const struct postconf_service *follow_reports(struct wiring *wiring, const char *name)
{
	const struct postconf_service *service = postconf_find(wiring->postfix, name, "unix");

	if (!service) {
		add_wiring_fault(wiring, "master.cf: there is no service %s/unix", name);
		return NULL;
	}
	if (!service->is_private)
		add_wiring_fault(
		    wiring,
		    "%s is not private in master.cf, so the queue manager does not find it; "
		    "write - into its third column",
		    service->label);
	if (!is_command(service, "bounce")) {
		add_wiring_fault(wiring,
				 "%s runs %s, which makes no reports; its last column must be "
				 "bounce",
				 service->label, service->command);
		return NULL;
	}
	g_autofree char *classes = wired_value(wiring, service, "internal_mail_filter_classes");
	g_autofree char *cleanup_name = wired_value(wiring, service, "cleanup_service_name");
	const struct postconf_service *cleanup =
	    postconf_find(wiring->postfix, cleanup_name, "unix");
	if (!postconf_has_word(classes, "bounce")) {
		add_wiring_fault(
		    wiring,
		    "reports that %s makes never reach us; in master.cf, write below it: -o "
		    "internal_mail_filter_classes=bounce -o cleanup_service_name=bounce-cleanup",
		    service->label);
		return NULL;
	}
	if (!cleanup)
		add_wiring_fault(
		    wiring,
		    "%s: master.cf has no service %s/unix, so its reports go nowhere; add it as "
		    "master.cf.example has it",
		    service->label, cleanup_name);
	return cleanup;
}

static void check_reports(struct wiring *wiring)
{
	static const char *const names[] = {"bounce_service_name", "defer_service_name",
					    "trace_service_name"};
	const struct postconf_service *seen[G_N_ELEMENTS(names)] = {NULL};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *name = wired_value(wiring, NULL, names[i]);
		bool is_seen = false;

		seen[i] = follow_reports(wiring, name);
		for (size_t k = 0; k < i; k++)
			is_seen = is_seen || seen[k] == seen[i];
		if (seen[i] && !is_seen)
			check_cleanup(wiring, seen[i]);
	}
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
			add_wiring_fault(wiring,
					 "master.cf: there is no service %s/unix, without which "
					 "Postfix handles no mail; take the # away before it",
					 name);
		else if (!admission_check_enabled(wiring->postfix, service))
			wiring->is_good = false;
	}
}

static void wire_main_cf(struct wiring *wiring)
{
	g_autofree char *pitfall = pitfalls_of_postfix(wiring->postfix);
	g_autofree char *flow = wired_value(wiring, NULL, "in_flow_delay");

	if (has_service_value(wiring, NULL, mark_parameter, wiring->settings->own_mta_daemon_name))
		add_wiring_fault(
		    wiring,
		    "main.cf: %s = %s: every client's mail would count as our own MTA's, which "
		    "may block; remove it there, and write it below bounce-cleanup in master.cf",
		    mark_parameter, wiring->settings->own_mta_daemon_name);
	if (pitfall)
		add_wiring_fault(wiring, "%s", pitfall);
	pitfalls_warn(wiring->postfix, wiring->addresses);
	if (*flow != '0')
		check_warning(what, "main.cf: in_flow_delay is not 0: discarded bounces slow all "
				    "mail down after 100 of them; write in_flow_delay = 0");
}

bool wiring_check(const struct postconf *postfix, const struct milter_settings *settings,
		  const char *const *addresses)
{
	struct wiring wiring = {postfix, settings, addresses, true};

	wiring.is_good = startup_check(postfix);
	wire_main_cf(&wiring);
	check_core(&wiring);
	check_smtp(&wiring);
	check_reports(&wiring);
	if (wiring.is_good)
		check_result(what, NULL,
			     "hands us what comes over SMTP and its own reports, and "
			     "keeps them while we are away");
	return wiring.is_good;
}
