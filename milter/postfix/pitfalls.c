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

enum { PROTOCOL_MIN = 6 }; /* what our filter negotiates */

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
	return NULL;
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
	if (*maps != '\0')
		check_warning(what, "smtpd_milter_maps: clients that it lists meet the filters it "
				    "names instead of us");
}
