/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each list of domains in main.cf makes a class of recipients; the first that has a domain counts.
 */
#include "milter/postfix/destination.h"

#include <string.h>

#include "daemon/check.h"
#include "milter/postconf/domain_list.h"
#include "milter/postconf/lookup_table.h"
#include "milter/postfix/recipient.h"
#include "milter/postfix/transport.h"

static const char what[] = "Postfix";

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
		if (domain_list_has(postfix, classes[i].domains, domain))
			return &classes[i];
	return NULL;
}

/* Postfix takes the first, and says so in its log only. relay_domains may repeat mydestination. */
static void warn_of_two_lists(const struct postconf *postfix, const struct recipient_class *first,
			      const char *domain)
{
	const struct recipient_class *last = classes + G_N_ELEMENTS(classes);

	for (const struct recipient_class *other = first + 1; other < last; other++) {
		if ((first->is_local && other + 1 == last) ||
		    !domain_list_has(postfix, other->domains, domain))
			continue;
		g_autofree char *text = g_strdup_printf(
		    "%s is in %s and in %s, of which Postfix takes the first; take it out of one",
		    domain, first->domains, other->domains);
		check_warning(what, text);
	}
}

static bool check_delivered_address(const struct postconf *postfix, const char *address)
{
	const char *domain = strrchr(address, '@') + 1;
	const struct recipient_class *class = class_of(postfix, domain);
	g_autofree char *why = class ? recipient_fault(postfix, class, address) : NULL;
	g_autofree char *text = NULL;

	if (class)
		warn_of_two_lists(postfix, class, domain);
	if (class && !why)
		return transport_check(postfix, class, address);
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

bool destination_is_unlisted(const struct postconf *postfix, const char *address)
{
	const struct recipient_class *class = class_of(postfix, strrchr(address, '@') + 1);

	return class && !recipient_is_listed(postfix, class, address);
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
