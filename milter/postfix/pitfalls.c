/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each was tried with Postfix, or is in postconf(5).
 */
#include "milter/postfix/pitfalls.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "daemon/check.h"
#include "milter/postfix/contents.h"
#include "milter/postfix/milter_list.h"

static const char what[] = "Postfix";

enum { PROTOCOL_MIN = 6 }; /* what our filter negotiates */

/* The words of a value, which commas and blanks separate. */
static char *way_value(const struct way *way, const char *name)
{
	return postconf_value(way->postfix, way->service, name);
}

static const char *label_of(const struct way *way)
{
	return way->service->label;
}

/* In braces, one filter's options; Postfix's service ends with a fatal error. */
static char *find_bad_braces(const struct way *way, const struct milter_entry *entry)
{
	if (entry->is_open)
		return g_strdup_printf("%s of %s: the brace before %s is not closed, so %s cannot "
				       "start; write { %s, default_action=tempfail }",
				       way->parameter, label_of(way), entry->endpoint,
				       way->service->command, entry->endpoint);
	if (entry->unknown_option)
		return g_strdup_printf("%s of %s: %s has no option \"%s\", so %s cannot start; "
				       "there are default_action, connect_timeout, "
				       "command_timeout, content_timeout and protocol",
				       way->parameter, label_of(way), entry->endpoint,
				       entry->unknown_option, way->service->command);
	return NULL;
}

/* family: "ipv4" or "ipv6". */
static bool has_family(const char *protocols, const char *family)
{
	return postconf_has_word(protocols, "all") || postconf_has_word(protocols, family);
}

/* Postfix looks for no address of a family that inet_protocols does not name. */
static char *find_no_family(const struct way *way, const struct milter_entry *entry)
{
	g_autofree char *protocols = way_value(way, "inet_protocols");
	bool is_ipv6 = false;

	if (!milter_list_is_numeric(entry->endpoint, &is_ipv6) ||
	    has_family(protocols, is_ipv6 ? "ipv6" : "ipv4"))
		return NULL;
	return g_strdup_printf("%s of %s: inet_protocols = %s, so Postfix cannot connect to %s "
			       "and puts all mail off; write inet_protocols = all, or an "
			       "address of that family",
			       way->parameter, label_of(way), protocols, entry->endpoint);
}

/* "inet:HOST:PORT": a number, or a name of services(5). */
static char *find_bad_port(const struct way *way, const struct milter_entry *entry)
{
	const char *port = strrchr(entry->endpoint, ':') + 1;

	if (!g_str_has_prefix(entry->endpoint, "inet:") ||
	    (*port != '\0' && port[strspn(port, "0123456789")] == '\0') ||
	    getservbyname(port, "tcp"))
		return NULL;
	return g_strdup_printf("%s of %s: \"%s\" ends in no port, so %s ends with a fatal error as "
			       "soon as somebody connects; write inet:HOST:PORT, and blanks or "
			       "commas between filters",
			       way->parameter, label_of(way), entry->endpoint,
			       way->service->command);
}

/* Postfix then answers 451 to everybody. */
static char *find_no_endpoint(const struct way *way)
{
	g_autofree char *value = way_value(way, way->parameter);
	g_autoptr(GPtrArray) entries = milter_list_parse(value);

	for (guint i = 0; i < entries->len; i++) {
		const struct milter_entry *entry = entries->pdata[i];
		char *fault = find_bad_braces(way, entry);

		if (!fault)
			fault = find_no_family(way, entry);
		if (fault)
			return fault;
		if (!g_str_has_prefix(entry->endpoint, "unix:") &&
		    !g_str_has_prefix(entry->endpoint, "local:") &&
		    !g_str_has_prefix(entry->endpoint, "inet:"))
			return g_strdup_printf("%s of %s: \"%s\" is neither unix:PATH nor "
					       "inet:HOST:PORT, so Postfix puts all mail off; "
					       "remove it (no comment may stand behind a value)",
					       way->parameter, label_of(way), entry->endpoint);
		fault = find_bad_port(way, entry);
		if (fault)
			return fault;
	}
	return NULL;
}

/* What smtpd(8) does with filters and clients whatever the mail is. */
static char *find_closed_door(const struct way *way)
{
	g_autofree char *proxy = way_value(way, "smtpd_proxy_filter");
	g_autofree char *limit = way_value(way, "message_size_limit");
	guint64 bytes = g_ascii_strtoull(limit, NULL, 10);

	if (*proxy != '\0')
		return g_strdup_printf("%s hands mail to smtpd_proxy_filter = %s, and filters see "
				       "no content there; write smtpd_milters below the smtpd "
				       "behind it",
				       label_of(way), proxy);
	if (bytes > 0 && bytes < CONTENTS_BYTES_MIN)
		return g_strdup_printf("%s: message_size_limit = %s: a bounce with the mail that "
				       "it returns is refused; write 10240000",
				       label_of(way), limit);
	return NULL;
}

static char *find_smtp_fault(const struct way *way)
{
	g_autofree char *options = way_value(way, "receive_override_options");
	g_autofree char *maps = way_value(way, "smtpd_milter_maps");

	if (postconf_has_word(options, "no_milters"))
		return g_strdup_printf("bounces that come to %s never reach us: "
				       "receive_override_options has no_milters; remove that word",
				       label_of(way));
	if (postconf_has_word(maps, "static:DISABLE"))
		return g_strdup_printf("bounces that come to %s never reach us: smtpd_milter_maps "
				       "= %s; remove it",
				       label_of(way), maps);
	return find_closed_door(way);
}

/* The first word is a version, what may follow takes replies away. */
static char *find_bad_protocol(const struct way *way)
{
	static const char *const versions[] = {"2", "3", "4", "6", NULL};
	g_autofree char *protocol = way_protocol(way);
	g_auto(GStrv) words = g_strsplit_set(protocol, " \t,", -1);

	if (*protocol == '\0')
		return NULL;
	for (size_t i = 0; words[i]; i++)
		if (*words[i] != '\0' && (i == 0 ? !g_strv_contains(versions, words[i])
						 : strcmp(words[i], "no_header_reply") != 0))
			return g_strdup_printf("%s: milter_protocol = %s: Postfix does not know "
					       "\"%s\" and puts all mail off; write 6",
					       label_of(way), protocol, words[i]);
	if (strtol(protocol, NULL, 10) < PROTOCOL_MIN)
		return g_strdup_printf("%s: milter_protocol = %s is too old for us; write 6",
				       label_of(way), protocol);
	return NULL;
}

char *pitfalls_of_way(const struct way *way)
{
	char *fault = find_no_endpoint(way);

	if (!fault && strcmp(way->parameter, WAY_SMTP) == 0)
		fault = find_smtp_fault(way);
	return fault ? fault : find_bad_protocol(way);
}

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

char *pitfalls_of_postfix(const struct postconf *postfix)
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

	if (!has_family(protocols, "ipv4"))
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

void pitfalls_warn(const struct postconf *postfix, const char *const *addresses)
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
