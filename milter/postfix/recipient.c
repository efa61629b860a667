/* SPDX-License-Identifier: BSD-2-Clause
 *
 * As smtpd(8) does it under smtpd_reject_unlisted_recipient, which is on where nobody turns it off.
 */
#include "milter/postfix/recipient.h"

#include <string.h>

#include "milter/postconf/lookup_table.h"

static bool is_in(const struct postconf *postfix, const char *parameter,
		  const struct lookup_table_address *address)
{
	g_autofree char *tables = postconf_value(postfix, NULL, parameter);

	return *tables != '\0' &&
	       lookup_table_ask_address(tables, address, NULL) != LOOKUP_TABLE_LACKS;
}

static bool is_known_recipient(const struct postconf *postfix, const struct recipient_class *class,
			       const struct lookup_table_address *address)
{
	static const char *const rewriting[] = {"canonical_maps", "recipient_canonical_maps",
						"virtual_alias_maps"};
	g_autofree char *recipients = postconf_value(postfix, NULL, class->recipients);

	if ((*recipients == '\0' && !class->is_listed) ||
	    is_in(postfix, class->recipients, address))
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(rewriting); i++)
		if (is_in(postfix, rewriting[i], address))
			return true;
	return false;
}

bool recipient_is_listed(const struct postconf *postfix, const struct recipient_class *class,
			 const char *address)
{
	g_autofree char *delimiters = postconf_value(postfix, NULL, "recipient_delimiter");
	const struct lookup_table_address whole = {address, delimiters, class->is_local};

	return is_known_recipient(postfix, class, &whole);
}

char *recipient_transport(const struct postconf *postfix, const char *address)
{
	g_autofree char *tables = postconf_value(postfix, NULL, "transport_maps");
	g_autofree char *delimiters = postconf_value(postfix, NULL, "recipient_delimiter");
	const struct lookup_table_address whole = {address, delimiters, false};
	g_autofree char *stripped = lookup_table_strip_extension(&whole);
	const char *domain = strrchr(address, '@') + 1;
	char *transport = NULL;

	if (lookup_table_ask(tables, address, &transport) != LOOKUP_TABLE_LACKS ||
	    (stripped && lookup_table_ask(tables, stripped, &transport) != LOOKUP_TABLE_LACKS))
		return transport ? transport : g_strdup("");
	for (const char *p = domain; p; p = strchr(p + 1, '.')) /* then ".org" */
		if (lookup_table_ask(tables, p, &transport) != LOOKUP_TABLE_LACKS)
			return transport ? transport : g_strdup("");
	if (lookup_table_ask(tables, "*", &transport) == LOOKUP_TABLE_HAS)
		return transport;
	return g_strdup("");
}

static char *transport_fault(const struct postconf *postfix, const struct recipient_class *class,
			     const char *address)
{
	g_autofree char *mapped = recipient_transport(postfix, address);
	g_autofree char *of_class = postconf_value(postfix, NULL, class->transport);
	bool is_mapped = *mapped != '\0' && *mapped != ':';
	const char *transport = is_mapped ? mapped : of_class;
	g_autofree char *name = g_strndup(transport, strcspn(transport, ":"));
	const struct postconf_service *service = postconf_find(postfix, name, "unix");

	/* "retry" is another name of error(8) */
	if (strcmp(name, "error") != 0 && !(service && strcmp(service->command, "error") == 0))
		return NULL;
	if (is_mapped)
		return g_strdup_printf("transport_maps answers \"%s\"; take that entry out",
				       transport);
	return g_strdup_printf("%s = %s; write the domain into virtual_mailbox_domains, not into "
			       "%s, as main.cf.example has it",
			       class->transport, transport, class->domains);
}

char *recipient_fault(const struct postconf *postfix, const struct recipient_class *class,
		      const char *address)
{
	g_autofree char *delimiters = postconf_value(postfix, NULL, "recipient_delimiter");
	const struct lookup_table_address whole = {address, delimiters, class->is_local};

	if (is_in(postfix, "relocated_maps", &whole))
		return g_strdup_printf("relocated_maps says that it has moved; leave %s out of it",
				       strrchr(address, '@'));
	g_autofree char *is_asked =
	    postconf_value(postfix, NULL, "smtpd_reject_unlisted_recipient");
	if (strcmp(is_asked, "no") == 0 || is_known_recipient(postfix, class, &whole))
		return transport_fault(postfix, class, address);
	if (class->is_local || class->is_listed)
		return g_strdup_printf("%s has no %s; write the domain into "
				       "virtual_mailbox_domains, not into %s, as main.cf.example "
				       "has it",
				       class->recipients, address, class->domains);
	return g_strdup_printf("%s has no %s, and every return path is another address; write "
			       "%s into it, as main.cf.example has it",
			       class->recipients, address, strrchr(address, '@'));
}
