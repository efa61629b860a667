/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Maps and masquerading, as cleanup(8) and smtp(8) apply them to the sender of a mail, and to the
 * recipient of a report.
 */
#include "milter/postfix/rewriting.h"

#include <string.h>

#include "daemon/check.h"
#include "milter/postconf/lookup_table.h"

static const struct {
	const char *maps, *service;
	const char *classes; /* what the maps are for; NULL: for the envelope in any case */
} rewriters[] = {
    {"canonical_maps", "cleanup", "canonical_classes"},
    {"sender_canonical_maps", "cleanup", "sender_canonical_classes"},
    {"recipient_canonical_maps", "bounce-cleanup", "recipient_canonical_classes"},
    {"smtp_generic_maps", "smtp", NULL},
};

static char *rewriting_value(const struct postconf *postfix, const char *service, const char *name)
{
	return postconf_value(postfix, postconf_find(postfix, service, "unix"), name);
}

/* An extension that was stripped before is put back. */
static bool is_same(const char *result, const struct lookup_table_address *address)
{
	g_autofree char *stripped = lookup_table_strip_extension(address);

	return g_ascii_strcasecmp(result, address->address) == 0 ||
	       (stripped && g_ascii_strcasecmp(result, stripped) == 0) ||
	       g_ascii_strcasecmp(result, strrchr(address->address, '@')) == 0;
}

static bool check_maps(const struct postconf *postfix, size_t i, const char *address)
{
	const char *service = rewriters[i].service;
	g_autofree char *maps = rewriting_value(postfix, service, rewriters[i].maps);
	g_autofree char *classes =
	    rewriters[i].classes ? rewriting_value(postfix, service, rewriters[i].classes) : NULL;
	g_autofree char *delimiters = postconf_value(postfix, NULL, "recipient_delimiter");
	const struct lookup_table_address whole = {address, delimiters, false};
	g_autofree char *result = NULL;

	if ((classes && !strstr(classes, "envelope")) ||
	    lookup_table_ask_address(maps, &whole, &result) != LOOKUP_TABLE_HAS ||
	    is_same(result, &whole))
		return true;
	g_autofree char *text = g_strdup_printf(
	    "%s makes %s of %s: the bounce of a mail goes there, and nobody knows of which; leave "
	    "%s out of it",
	    rewriters[i].maps, result, address, strrchr(address, '@'));
	return check_fault("Postfix", text);
}

/* The first element that fits decides; with "!" the domain stays. */
static char *find_masquerade(const char *domains, const char *domain)
{
	g_autoptr(GPtrArray) elements = lookup_table_split(domains);
	g_autofree char *dotted = g_strconcat(".", domain, NULL);

	for (guint i = 0; i < elements->len; i++) {
		const char *element = elements->pdata[i];
		bool stays = *element == '!';
		g_autofree char *parent = g_strconcat(".", element + stays, NULL);

		if (g_ascii_strcasecmp(parent, dotted) == 0)
			return NULL;
		if (g_str_has_suffix(dotted, parent))
			return stays ? NULL : g_strdup(element);
	}
	return NULL;
}

static bool check_masquerade(const struct postconf *postfix, const char *domain)
{
	g_autofree char *domains = rewriting_value(postfix, "cleanup", "masquerade_domains");
	g_autofree char *classes = rewriting_value(postfix, "cleanup", "masquerade_classes");
	g_autofree char *parent = find_masquerade(domains, domain);

	if (!parent || !strstr(classes, "envelope_sender"))
		return true;
	g_autofree char *text = g_strdup_printf("masquerade_domains makes %s of %s in return "
						"paths, so no bounce comes back to it; write !%s "
						"before %s",
						parent, domain, domain, parent);
	return check_fault("Postfix", text);
}

bool rewriting_check(const struct postconf *postfix, const char *const *addresses)
{
	bool is_good = true;

	for (; *addresses; addresses++) {
		for (size_t i = 0; i < G_N_ELEMENTS(rewriters); i++)
			is_good = check_maps(postfix, i, *addresses) && is_good;
		is_good = check_masquerade(postfix, strrchr(*addresses, '@') + 1) && is_good;
	}
	return is_good;
}
