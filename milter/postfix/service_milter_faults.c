/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each was tried with Postfix, or is in postconf(5).
 */
#include "milter/postfix/service_milter_faults.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/check.h"
#include "milter/postfix/contents.h"
#include "milter/postfix/milter_list.h"

static const char what[] = "Postfix";

enum { PROTOCOL_MIN = 6 }; /* what our filter negotiates */

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

/* Postfix looks for no address of a family that inet_protocols does not name. */
static char *find_no_family(const struct way *way, const struct milter_entry *entry)
{
	g_autofree char *protocols = way_value(way, "inet_protocols");
	bool is_ipv6 = false;

	if (!milter_list_is_numeric(entry->endpoint, &is_ipv6) ||
	    postconf_has_family(protocols, is_ipv6 ? "ipv6" : "ipv4"))
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

/* Whether mail gets from Postfix into the filters that are named, and ours understands it. */
static char *find_fault(const struct way *way)
{
	char *fault = find_no_endpoint(way);

	if (!fault && strcmp(way->parameter, WAY_SMTP) == 0)
		fault = find_smtp_fault(way);
	return fault ? fault : find_bad_protocol(way);
}

bool way_faults_check(const struct way *way)
{
	g_autofree char *action = way_action_fault(way);
	g_autofree char *fault = find_fault(way);
	bool is_good = !action || check_fault(what, action);

	if (fault)
		is_good = check_fault(what, fault);
	for (size_t i = 0; i < MILTER_TIMEOUTS; i++) {
		g_autofree char *wait = way_wait_fault(way, (enum milter_timeout)i);

		if (wait)
			is_good = check_fault(what, wait);
	}
	return is_good;
}
