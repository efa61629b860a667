/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each was tried with Postfix, or is in postconf(5).
 */
#include "milter/postfix/service_milter_faults.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/check.h"
#include "milter/postfix/content_checks.h"
#include "milter/postfix/endpoint.h"
#include "milter/postfix/milter_list.h"

static const char what[] = "Postfix";

enum { PROTOCOL_MIN = 6 }; /* what our filter negotiates */

static char *value_of(const struct service_milters *milters, const char *name)
{
	return postconf_value(milters->postfix, milters->service, name);
}

static const char *label_of(const struct service_milters *milters)
{
	return milters->service->label;
}

/* In braces, one filter's options; Postfix's service ends with a fatal error. */
static char *find_bad_braces(const struct service_milters *milters,
			     const struct milter_entry *entry)
{
	if (entry->is_open)
		return g_strdup_printf("%s of %s: the brace before %s is not closed, so %s cannot "
				       "start; write { %s, default_action=tempfail }",
				       milters->parameter, label_of(milters), entry->endpoint,
				       milters->service->command, entry->endpoint);
	if (entry->unknown_option)
		return g_strdup_printf("%s of %s: %s has no option \"%s\", so %s cannot start; "
				       "there are default_action, connect_timeout, "
				       "command_timeout, content_timeout and protocol",
				       milters->parameter, label_of(milters), entry->endpoint,
				       entry->unknown_option, milters->service->command);
	return NULL;
}

/* Postfix looks for no address of a family that inet_protocols does not name. */
static char *find_no_family(const struct service_milters *milters, const struct milter_entry *entry)
{
	g_autofree char *protocols = value_of(milters, "inet_protocols");
	bool is_ipv6 = false;

	if (!endpoint_is_numeric(entry->endpoint, &is_ipv6) ||
	    postconf_has_family(protocols, is_ipv6 ? "ipv6" : "ipv4"))
		return NULL;
	return g_strdup_printf("%s of %s: inet_protocols = %s, so Postfix cannot connect to %s "
			       "and puts all mail off; write inet_protocols = all, or an "
			       "address of that family",
			       milters->parameter, label_of(milters), protocols, entry->endpoint);
}

/* "inet:HOST:PORT": a number, or a name of services(5). */
static char *find_bad_port(const struct service_milters *milters, const struct milter_entry *entry)
{
	const char *port = strrchr(entry->endpoint, ':') + 1;

	if (!g_str_has_prefix(entry->endpoint, "inet:") ||
	    (*port != '\0' && port[strspn(port, "0123456789")] == '\0') ||
	    getservbyname(port, "tcp"))
		return NULL;
	return g_strdup_printf("%s of %s: \"%s\" ends in no port, so %s ends with a fatal error as "
			       "soon as somebody connects; write inet:HOST:PORT, and blanks or "
			       "commas between filters",
			       milters->parameter, label_of(milters), entry->endpoint,
			       milters->service->command);
}

/* Postfix then answers 451 to everybody. */
static char *find_no_endpoint(const struct service_milters *milters)
{
	g_autofree char *value = value_of(milters, milters->parameter);
	g_autoptr(GPtrArray) entries = milter_list_parse(value);

	for (guint i = 0; i < entries->len; i++) {
		const struct milter_entry *entry = entries->pdata[i];
		char *fault = find_bad_braces(milters, entry);

		if (!fault)
			fault = find_no_family(milters, entry);
		if (fault)
			return fault;
		if (!g_str_has_prefix(entry->endpoint, "unix:") &&
		    !g_str_has_prefix(entry->endpoint, "local:") &&
		    !g_str_has_prefix(entry->endpoint, "inet:"))
			return g_strdup_printf("%s of %s: \"%s\" is neither unix:PATH nor "
					       "inet:HOST:PORT, so Postfix puts all mail off; "
					       "remove it (no comment may stand behind a value)",
					       milters->parameter, label_of(milters),
					       entry->endpoint);
		fault = find_bad_port(milters, entry);
		if (fault)
			return fault;
	}
	return NULL;
}

/* What smtpd(8) does with filters and clients whatever the mail is. */
static char *find_closed_door(const struct service_milters *milters)
{
	g_autofree char *proxy = value_of(milters, "smtpd_proxy_filter");
	g_autofree char *limit = value_of(milters, "message_size_limit");
	guint64 bytes = g_ascii_strtoull(limit, NULL, 10);

	if (*proxy != '\0')
		return g_strdup_printf("%s hands mail to smtpd_proxy_filter = %s, and filters see "
				       "no content there; write smtpd_milters below the smtpd "
				       "behind it",
				       label_of(milters), proxy);
	if (bytes > 0 && bytes < CONTENT_CHECKS_BYTES_MIN)
		return g_strdup_printf("%s: message_size_limit = %s: a bounce with the mail that "
				       "it returns is refused; write 10240000",
				       label_of(milters), limit);
	return NULL;
}

static char *find_smtp_fault(const struct service_milters *milters)
{
	g_autofree char *options = value_of(milters, "receive_override_options");
	g_autofree char *maps = value_of(milters, "smtpd_milter_maps");

	if (postconf_has_word(options, "no_milters"))
		return g_strdup_printf("bounces that come to %s never reach us: "
				       "receive_override_options has no_milters; remove that word",
				       label_of(milters));
	if (postconf_has_word(maps, "static:DISABLE"))
		return g_strdup_printf("bounces that come to %s never reach us: smtpd_milter_maps "
				       "= %s; remove it",
				       label_of(milters), maps);
	return find_closed_door(milters);
}

/* The first word is a version, what may follow takes replies away. */
static char *find_bad_protocol(const struct service_milters *milters)
{
	static const char *const versions[] = {"2", "3", "4", "6", NULL};
	g_autofree char *protocol = service_milters_protocol(milters);
	g_auto(GStrv) words = g_strsplit_set(protocol, " \t,", -1);

	if (*protocol == '\0')
		return NULL;
	for (size_t i = 0; words[i]; i++)
		if (*words[i] != '\0' && (i == 0 ? !g_strv_contains(versions, words[i])
						 : strcmp(words[i], "no_header_reply") != 0))
			return g_strdup_printf("%s: milter_protocol = %s: Postfix does not know "
					       "\"%s\" and puts all mail off; write 6",
					       label_of(milters), protocol, words[i]);
	if (strtol(protocol, NULL, 10) < PROTOCOL_MIN)
		return g_strdup_printf("%s: milter_protocol = %s is too old for us; write 6",
				       label_of(milters), protocol);
	return NULL;
}

/* Whether mail gets from Postfix into the filters that are named, and ours understands it. */
static char *find_fault(const struct service_milters *milters)
{
	char *fault = find_no_endpoint(milters);

	if (!fault && strcmp(milters->parameter, SERVICE_MILTERS_SMTP) == 0)
		fault = find_smtp_fault(milters);
	return fault ? fault : find_bad_protocol(milters);
}

bool service_milter_faults_check(const struct service_milters *milters)
{
	g_autofree char *action = service_milters_action_fault(milters);
	g_autofree char *fault = find_fault(milters);
	bool is_good = !action || check_fault(what, action);

	if (fault)
		is_good = check_fault(what, fault);
	for (size_t i = 0; i < MILTER_TIMEOUTS; i++) {
		g_autofree char *wait = service_milters_wait_fault(milters, (enum milter_timeout)i);

		if (wait)
			is_good = check_fault(what, wait);
	}
	return is_good;
}
