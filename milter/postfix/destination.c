/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lists of domains in main.cf, read as Postfix matches them: names, files, and tables, which
 * postmap(1) asks.
 */
#include "milter/postfix/destination.h"

#include <string.h>

#include "daemon/check.h"
#include "milter/postfix/recipient.h"
#include "milter/postfix/table.h"

static const char what[] = "Postfix";

static bool name_matches(const char *pattern, const char *domain)
{
	g_autofree char *parent = g_strdup_printf("%s%s", *pattern == '.' ? "" : ".", pattern);
	g_autofree char *dotted = g_strdup_printf(".%s", domain);

	return g_ascii_strcasecmp(dotted, parent) == 0;
}

/* Under a domain of relay_domains and transport_maps its subdomains are meant as well. */
static bool parent_matches(const char *pattern, const char *domain)
{
	for (const char *p = domain; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL)
		if (name_matches(pattern, p))
			return true;
	return false;
}

static bool element_has(const char *element, const char *domain, bool with_parents)
{
	if (*element == '$') /* an expression of Postfix's own default, which is mydestination */
		return false;
	if (!strchr(element, ':'))
		return with_parents ? parent_matches(element, domain)
				    : name_matches(element, domain);
	for (const char *p = domain; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL) {
		if (table_ask(element, p, NULL) != TABLE_LACKS)
			return true;
		if (!with_parents)
			break;
	}
	return false;
}

static bool text_has(const char *text, const char *domain, bool with_parents)
{
	g_autoptr(GPtrArray) elements = table_split(text);

	for (guint i = 0; i < elements->len; i++) {
		const char *element = elements->pdata[i];
		bool is_excluding = *element == '!';
		g_autofree char *contents = NULL;

		element += is_excluding;
		if (*element == '/')
			g_file_get_contents(element, &contents, NULL, NULL);
		if (contents ? text_has(contents, domain, with_parents)
			     : element_has(element, domain, with_parents))
			return !is_excluding;
	}
	return false;
}

static bool has(const struct postconf *postfix, const char *parameter, const char *domain)
{
	g_autofree char *value = postconf_value(postfix, NULL, parameter);

	return text_has(value, domain, strcmp(parameter, "relay_domains") == 0);
}

/* Relayed by its MX, which may be this machine. */
static bool is_sent_on(const struct postconf *postfix, const char *address)
{
	g_autofree char *of_class = postconf_value(postfix, NULL, "relay_transport");
	g_autofree char *relayhost = postconf_value(postfix, NULL, "relayhost");
	g_autofree char *transport = recipient_transport(postfix, address);

	return strcmp(of_class, "relay") == 0 && *relayhost == '\0' && *transport == '\0';
}

/* In the order in which Postfix looks for a domain. */
static const struct recipient_class classes[] = {
    {"mydestination", "local_recipient_maps", "local_transport", false, true},
    {"virtual_alias_domains", "virtual_alias_maps", "virtual_transport", true, false},
    {"virtual_mailbox_domains", "virtual_mailbox_maps", "virtual_transport", false, false},
    {"relay_domains", "relay_recipient_maps", "relay_transport", false, false},
};

static const struct recipient_class *class_of(const struct postconf *postfix, const char *domain)
{
	for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
		if (has(postfix, classes[i].domains, domain))
			return &classes[i];
	return NULL;
}

static void warn_of_loop(const struct postconf *postfix, const char *address)
{
	g_autofree char *text =
	    g_strdup_printf("main.cf: relay_domains has %s, and transport_maps does not: what we "
			    "do not discard goes to its MX, and loops if that is this machine; "
			    "write a transport for it",
			    strrchr(address, '@') + 1);

	if (is_sent_on(postfix, address))
		check_warning(what, text);
}

/* Postfix takes the first, and says so in its log only. relay_domains may repeat mydestination. */
static void warn_of_two_lists(const struct postconf *postfix, const struct recipient_class *first,
			      const char *domain)
{
	const struct recipient_class *last = classes + G_N_ELEMENTS(classes);

	for (const struct recipient_class *other = first + 1; other < last; other++) {
		if ((first->is_local && other + 1 == last) || !has(postfix, other->domains, domain))
			continue;
		g_autofree char *text = g_strdup_printf(
		    "%s is in %s and in %s, of which Postfix takes the first; take it out of one",
		    domain, first->domains, other->domains);
		check_warning(what, text);
	}
}

/* What virtual(8) needs to write what we leave. */
static void warn_of_mailbox(const struct postconf *postfix, const struct postconf_service *virtual,
			    const char *address)
{
	static const char *const owners[] = {"virtual_uid_maps", "virtual_gid_maps"};
	g_autofree char *base = postconf_value(postfix, virtual, "virtual_mailbox_base");
	g_autofree char *delimiters = postconf_value(postfix, NULL, "recipient_delimiter");
	const struct table_address whole = {address, delimiters, false};

	if (*base != '\0' && !g_file_test(base, G_FILE_TEST_IS_DIR)) {
		g_autofree char *text =
		    g_strdup_printf("virtual_mailbox_base = %s is no directory, and Postfix makes "
				    "none: what we leave of mail for %s stays in the queue; "
				    "install -d -o 5000 -g 5000 -m 700 %s",
				    base, strrchr(address, '@') + 1, base);
		check_warning(what, text);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(owners); i++) {
		g_autofree char *maps = postconf_value(postfix, virtual, owners[i]);

		if (table_ask_address(maps, &whole, NULL) != TABLE_LACKS)
			continue;
		g_autofree char *text =
		    g_strdup_printf("%s has nobody for %s: what we leave of its mail stays in the "
				    "queue; write static:5000",
				    owners[i], strrchr(address, '@') + 1);
		check_warning(what, text);
	}
}

/* Where what we do not discard goes. An alias goes to another domain. */
static bool check_delivery(const struct postconf *postfix, const struct recipient_class *class,
			   const char *address)
{
	g_autofree char *mapped = recipient_transport(postfix, address);
	bool is_mapped = *mapped != '\0' && *mapped != ':';
	g_autofree char *of_class = postconf_value(postfix, NULL, class->transport);
	const char *transport = is_mapped ? mapped : of_class;
	g_autofree char *name = g_strndup(transport, strcspn(transport, ":"));
	const struct postconf_service *service = postconf_find(postfix, name, "unix");

	if (strcmp(class->domains, "virtual_alias_domains") == 0 || *name == '\0')
		return true;
	if (service && strcmp(service->command, "virtual") == 0)
		warn_of_mailbox(postfix, service, address);
	if (service)
		return true;
	g_autofree char *text = g_strdup_printf(
	    "%s = %s: master.cf has no service %s/unix, so what we leave of mail for %s stays in "
	    "the queue; add it, or write virtual",
	    is_mapped ? "transport_maps" : class->transport, transport, name,
	    strrchr(address, '@') + 1);
	return check_fault(what, text);
}

static bool check_delivered_address(const struct postconf *postfix, const char *address)
{
	const char *domain = strrchr(address, '@') + 1;
	const struct recipient_class *class = class_of(postfix, domain);
	g_autofree char *why = class ? recipient_fault(postfix, class, address) : NULL;
	g_autofree char *text = NULL;

	if (class)
		warn_of_two_lists(postfix, class, domain);
	if (class && !why) {
		if (strcmp(class->domains, "relay_domains") == 0)
			warn_of_loop(postfix, address);
		return check_delivery(postfix, class, address);
	}
	if (class)
		text = g_strdup_printf("mail for the bounce domain %s is refused: %s has it, but "
				       "%s",
				       domain, class->domains, why);
	else
		text = g_strdup_printf("mail for the bounce domain %s is refused: it is neither in "
				       "mydestination, virtual_alias_domains or "
				       "virtual_mailbox_domains nor in relay_domains; write it "
				       "into virtual_mailbox_domains in main.cf, as "
				       "main.cf.example has it",
				       domain);
	return check_fault(what, text);
}

/* Every mail of this machine's accounts would be ours. */
static void warn_of_origin(const struct postconf *postfix, const char *domain)
{
	g_autofree char *origin = postconf_value(postfix, NULL, "myorigin");

	if (g_ascii_strcasecmp(origin, domain) == 0)
		check_warning(what, "myorigin is the bounce domain, so mail to accounts of this "
				    "machine is taken for bounces; choose another domain for one");
}

bool destination_check(const struct postconf *postfix, const char *const *addresses)
{
	bool is_good = true;

	for (; *addresses; addresses++) {
		warn_of_origin(postfix, strrchr(*addresses, '@') + 1);
		is_good = check_delivered_address(postfix, *addresses) && is_good;
	}
	return is_good;
}
