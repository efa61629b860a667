/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each was tried with Postfix, or is in postconf(5).
 */
#include "milter/postfix/pitfalls.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/check.h"
#include "milter/postfix/milter_list.h"

static const char what[] = "Postfix";

enum {
	PROTOCOL_MIN = 6,           /* what our filter negotiates */
	MESSAGE_BYTES_MIN = 100000, /* twice what Postfix returns of a mail */
};

/* The words of a value, which commas and blanks separate. */
static bool has_word(const char *value, const char *word)
{
	g_auto(GStrv) words = g_strsplit_set(value, " \t,", -1);

	return g_strv_contains((const char *const *)words, word);
}

static char *value_of(const struct way *way, const char *name)
{
	return postconf_value(way->postfix, way->service, name);
}

static const char *label_of(const struct way *way)
{
	return way->service->label;
}

/* Postfix then answers 451 to everybody. */
static char *find_no_endpoint(const struct way *way)
{
	g_autofree char *value = value_of(way, way->parameter);
	g_autoptr(GPtrArray) entries = milter_list_parse(value);

	for (guint i = 0; i < entries->len; i++) {
		const struct milter_entry *entry = entries->pdata[i];

		if (!g_str_has_prefix(entry->endpoint, "unix:") &&
		    !g_str_has_prefix(entry->endpoint, "local:") &&
		    !g_str_has_prefix(entry->endpoint, "inet:"))
			return g_strdup_printf("%s of %s: \"%s\" is neither unix:PATH nor "
					       "inet:HOST:PORT, so Postfix puts all mail off; "
					       "remove it (no comment may stand behind a value)",
					       way->parameter, label_of(way), entry->endpoint);
	}
	return NULL;
}

/* What smtpd(8) does with filters and clients whatever the mail is. */
static char *find_closed_door(const struct way *way)
{
	g_autofree char *proxy = value_of(way, "smtpd_proxy_filter");
	g_autofree char *limit = value_of(way, "message_size_limit");
	guint64 bytes = g_ascii_strtoull(limit, NULL, 10);

	if (*proxy != '\0')
		return g_strdup_printf("%s hands mail to smtpd_proxy_filter = %s, and filters see "
				       "no content there; write smtpd_milters below the smtpd "
				       "behind it",
				       label_of(way), proxy);
	if (bytes > 0 && bytes < MESSAGE_BYTES_MIN)
		return g_strdup_printf("%s: message_size_limit = %s: a bounce with the mail that "
				       "it returns is refused; write 10240000",
				       label_of(way), limit);
	return NULL;
}

static char *find_smtp_fault(const struct way *way)
{
	g_autofree char *options = value_of(way, "receive_override_options");
	g_autofree char *maps = value_of(way, "smtpd_milter_maps");

	if (has_word(options, "no_milters"))
		return g_strdup_printf("bounces that come to %s never reach us: "
				       "receive_override_options has no_milters; remove that word",
				       label_of(way));
	if (has_word(maps, "static:DISABLE"))
		return g_strdup_printf("bounces that come to %s never reach us: smtpd_milter_maps "
				       "= %s; remove it",
				       label_of(way), maps);
	return find_closed_door(way);
}

char *pitfalls_of_way(const struct way *way)
{
	g_autofree char *protocol = value_of(way, "milter_protocol");
	char *fault = find_no_endpoint(way);

	if (!fault && strcmp(way->parameter, WAY_SMTP) == 0)
		fault = find_smtp_fault(way);
	if (!fault && *protocol != '\0' && strtol(protocol, NULL, 10) < PROTOCOL_MIN)
		fault = g_strdup_printf("%s: milter_protocol = %s is too old for us; write 6",
					label_of(way), protocol);
	return fault;
}

static bool runs(const struct postconf *postfix, const char *command)
{
	for (size_t i = 0; i < postconf_service_count(postfix); i++)
		if (strcmp(postconf_service(postfix, i)->command, command) == 0)
			return true;
	return false;
}

static char *find_bad_option(const struct postconf *postfix)
{
	for (size_t i = 0; i < postconf_service_count(postfix); i++) {
		const struct postconf_service *service = postconf_service(postfix, i);

		if (service->bad_option)
			return g_strdup_printf("master.cf, -o of %s: \"%s\" has no =value, so %s "
					       "cannot start; no blanks around =, or braces: -o { "
					       "%s = VALUE }",
					       service->label, service->bad_option,
					       service->command, service->bad_option);
	}
	return NULL;
}

char *pitfalls_of_postfix(const struct postconf *postfix)
{
	g_autofree char *name = postconf_value(postfix, NULL, "smtpd_service_name");

	if (runs(postfix, "postscreen") && !postconf_find(postfix, name, "pass"))
		return g_strdup_printf("master.cf: postscreen hands its clients to %s/pass, which "
				       "is not there; take the # away before it",
				       name);
	return find_bad_option(postfix);
}

static guint64 number_of(const struct postconf *postfix, const char *name)
{
	g_autofree char *value = postconf_value(postfix, NULL, name);

	return g_ascii_strtoull(value, NULL, 10);
}

/* Of our own mails, and of what is left in the mailbox. */
static void warn_of_delivery(const struct postconf *postfix)
{
	g_autofree char *soft = postconf_value(postfix, NULL, "soft_bounce");
	guint64 mailbox = number_of(postfix, "virtual_mailbox_limit");

	if (strcmp(soft, "yes") == 0)
		check_warning(what, "soft_bounce = yes: an address that does not exist is "
				    "reported only after maximal_queue_lifetime, and as a passing "
				    "fault; write no");
	if (mailbox > 0 && mailbox < number_of(postfix, "message_size_limit"))
		check_warning(what, "virtual_mailbox_limit is below message_size_limit, so "
				    "virtual(8) ends with a fatal error and what we leave stays "
				    "in the queue; raise it");
}

void pitfalls_warn(const struct postconf *postfix)
{
	g_autofree char *instances = postconf_value(postfix, NULL, "multi_instance_directories");
	g_autofree char *interfaces = postconf_value(postfix, NULL, "inet_interfaces");
	g_autofree char *maps = postconf_value(postfix, NULL, "smtpd_milter_maps");

	if (*instances != '\0')
		check_warning(what, "multi_instance_directories: this looks at one instance only; "
				    "MAIL_CONFIG=DIRECTORY bounce-milter --check at another");
	if (has_word(interfaces, "loopback-only"))
		check_warning(what, "inet_interfaces = loopback-only: no other mail system can "
				    "bring us a bounce; write all, unless that is intended");
	warn_of_delivery(postfix);
	if (*maps != '\0')
		check_warning(what, "smtpd_milter_maps: clients that it lists meet the filters it "
				    "names instead of us");
}
