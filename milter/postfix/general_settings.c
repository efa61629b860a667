/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each was tried with Postfix, or is in postconf(5).
 */
#include "milter/postfix/general_settings.h"

#include <string.h>
#include <sys/statvfs.h>

#include "daemon/check.h"
#include "milter/postfix/milter_list.h"

static const char what[] = "Postfix";

static guint64 main_cf_number(const struct postconf *postfix, const char *name)
{
	g_autofree char *value = postconf_value(postfix, NULL, name);

	return g_ascii_strtoull(value, NULL, 10);
}

static bool runs(const struct postconf *postfix, const char *command)
{
	for (size_t i = 0; i < postconf_service_count(postfix); i++)
		if (strcmp(postconf_service(postfix, i)->command, command) == 0)
			return true;
	return false;
}

/* smtpd(8) takes no mail where there is less than queue_minfree, or than one and a half times
 * message_size_limit. */
static char *find_full_disk(const struct postconf *postfix)
{
	g_autofree char *queue = postconf_value(postfix, NULL, "queue_directory");
	guint64 needed = main_cf_number(postfix, "message_size_limit");
	guint64 minimum = main_cf_number(postfix, "queue_minfree");
	struct statvfs disk;

	needed += needed / 2;
	if (statvfs(queue, &disk) != 0)
		return NULL;
	guint64 there = (guint64)disk.f_bavail * disk.f_frsize;
	if (there >= MAX(needed, minimum))
		return NULL;
	return g_strdup_printf("%s has %" G_GUINT64_FORMAT
			       " MB left, so all mail is put off: Postfix wants %" G_GUINT64_FORMAT
			       " MB, by %s; free the disk, or write less",
			       queue, there >> 20, MAX(needed, minimum) >> 20,
			       minimum > needed ? "queue_minfree"
						: "one and a half times message_size_limit");
}

char *general_settings_fault(const struct postconf *postfix)
{
	g_autofree char *name = postconf_value(postfix, NULL, "smtpd_service_name");

	if (runs(postfix, "postscreen") && !postconf_find(postfix, name, "pass"))
		return g_strdup_printf("master.cf: postscreen hands its clients to %s/pass, which "
				       "is not there; take the # away before it",
				       name);
	return find_full_disk(postfix);
}

/* In main.cf, or for what sends our mails. */
static void warn_of_soft_bounce(const struct postconf *postfix)
{
	static const char name[] = "soft_bounce";
	const struct postconf_service *soft = NULL;
	g_autofree char *of_main = postconf_value(postfix, NULL, name);

	for (size_t i = 0; i < postconf_service_count(postfix) && !soft; i++) {
		const struct postconf_service *service = postconf_service(postfix, i);
		g_autofree char *value = postconf_value(postfix, service, name);

		if (postconf_is_overridden(postfix, service, name) &&
		    g_ascii_strcasecmp(value, "yes") == 0)
			soft = service;
	}
	if (!soft && g_ascii_strcasecmp(of_main, "yes") != 0)
		return;
	g_autofree char *place = postconf_place(postfix, soft, name);
	g_autofree char *text =
	    g_strdup_printf("%s: soft_bounce = yes: an address that does not exist is reported "
			    "only after maximal_queue_lifetime, and as a passing fault; write no",
			    place);
	check_warning(what, text);
}

/* Copies for the postmaster of what we read anyway. */
static void warn_of_notices(const struct postconf *postfix, const char *const *addresses)
{
	static const char *const notices[][2] = {{"bounce", "bounce_notice_recipient"},
						 {"2bounce", "2bounce_notice_recipient"},
						 {"delay", "delay_notice_recipient"}};
	g_autofree char *classes = postconf_value(postfix, NULL, "notify_classes");
	g_autofree char *origin = postconf_value(postfix, NULL, "myorigin");

	for (size_t i = 0; i < G_N_ELEMENTS(notices); i++) {
		g_autofree char *to = postconf_value(postfix, NULL, notices[i][1]);
		const char *domain = strrchr(to, '@') ? strrchr(to, '@') + 1 : origin;

		for (const char *const *address = addresses;
		     *address && postconf_has_word(classes, notices[i][0]); address++) {
			if (g_ascii_strcasecmp(strrchr(*address, '@') + 1, domain) != 0)
				continue;
			g_autofree char *text = g_strdup_printf(
			    "notify_classes has %s, and %s = %s is in the bounce domain: what is "
			    "reported is recorded twice; write an address of another domain",
			    notices[i][0], notices[i][1], to);
			check_warning(what, text);
		}
	}
}

/* Of what is left in the mailbox. */
static void warn_of_delivery(const struct postconf *postfix)
{
	guint64 mailbox = main_cf_number(postfix, "virtual_mailbox_limit");

	if (mailbox > 0 && mailbox < main_cf_number(postfix, "message_size_limit"))
		check_warning(what, "virtual_mailbox_limit is below message_size_limit, so "
				    "virtual(8) ends with a fatal error and what we leave stays "
				    "in the queue; raise it");
}

static void warn_of_family(const struct postconf *postfix)
{
	g_autofree char *protocols = postconf_value(postfix, NULL, "inet_protocols");

	if (!postconf_has_family(protocols, "ipv4"))
		check_warning(what, "inet_protocols has no ipv4: mail systems that have only that "
				    "cannot bring us a bounce; write all, unless it is intended");
}

/* A mail that is put off once, as greylisting does it, comes back as one that expired. */
static void warn_of_lifetime(const struct postconf *postfix)
{
	static const char *const names[] = {"maximal_queue_lifetime", "bounce_queue_lifetime"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *value = postconf_value(postfix, NULL, names[i]);
		g_autofree char *text = g_strdup_printf(
		    "%s = %s: what is put off once is given up at once, and counts as a bounce or "
		    "is lost; write 5d",
		    names[i], value);

		if (milter_list_seconds(value) == 0)
			check_warning(what, text);
	}
}

/* Bounces pass several machines, and come many at a time from one. 0 is no limit. */
static void warn_of_small_limits(const struct postconf *postfix)
{
	static const struct {
		const char *name;
		guint64 enough;
		const char *harm, *usual;
	} limits[] = {
	    {"hopcount_limit", 10, "mail that has passed as many machines is refused", "50"},
	    {"smtpd_client_message_rate_limit", 20,
	     "a mail system that brings more in a minute is put off", "0"},
	    {"smtpd_client_connection_count_limit", 4,
	     "a mail system with as many connections at the same time is put off", "50"},
	    {"smtpd_client_connection_rate_limit", 20,
	     "a mail system that connects more often in a minute is put off", "0"},
	    {"smtpd_hard_error_limit", 5,
	     "a mail system that hears as many refusals is sent away with the bounces it still has",
	     "20"},
	    {"default_process_limit", 10, "as many slow clients keep all others waiting", "100"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
		guint64 value = main_cf_number(postfix, limits[i].name);

		if (value == 0 || value >= limits[i].enough)
			continue;
		g_autofree char *text =
		    g_strdup_printf("%s = %" G_GUINT64_FORMAT ": %s; write %s", limits[i].name,
				    value, limits[i].harm, limits[i].usual);
		check_warning(what, text);
	}
}

static bool is_loopback_only(const char *interfaces)
{
	g_auto(GStrv) words = g_strsplit_set(interfaces, " \t,", -1);
	bool is_any = false;

	for (char **word = words; *word; word++) {
		if (**word == '\0')
			continue;
		is_any = true;
		if (strcmp(*word, "loopback-only") != 0 && strcmp(*word, "localhost") != 0 &&
		    !g_str_has_prefix(*word, "127.") && strcmp(*word, "::1") != 0 &&
		    strcmp(*word, "[::1]") != 0)
			return false;
	}
	return is_any;
}

void general_settings_warn(const struct postconf *postfix, const char *const *addresses)
{
	g_autofree char *instances = postconf_value(postfix, NULL, "multi_instance_directories");
	g_autofree char *interfaces = postconf_value(postfix, NULL, "inet_interfaces");
	g_autofree char *maps = postconf_value(postfix, NULL, "smtpd_milter_maps");

	if (*instances != '\0')
		check_warning(what, "multi_instance_directories: this looks at one instance only; "
				    "MAIL_CONFIG=DIRECTORY bounce-milter --check at another");
	if (is_loopback_only(interfaces)) {
		g_autofree char *text =
		    g_strdup_printf("inet_interfaces = %s: no other mail system can bring us a "
				    "bounce; write all, unless that is intended",
				    interfaces);
		check_warning(what, text);
	}
	warn_of_family(postfix);
	warn_of_lifetime(postfix);
	warn_of_small_limits(postfix);
	warn_of_soft_bounce(postfix);
	warn_of_notices(postfix, addresses);
	warn_of_delivery(postfix);
	if (*maps != '\0')
		check_warning(what, "smtpd_milter_maps: clients that it lists meet the filters it "
				    "names instead of us");
}
