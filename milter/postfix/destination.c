/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lists of domains in main.cf, read as Postfix matches them: names, files, and tables, which
 * postmap(1) asks.
 */
#include "milter/postfix/destination.h"

#include <string.h>

#include "daemon/check.h"

static const char what[] = "Postfix";

/* The elements of a list; blanks inside braces belong to one, as in inline:{ { a = b } }. */
static GPtrArray *split_list(const char *value)
{
	GPtrArray *elements = g_ptr_array_new_with_free_func(g_free);
	const char *p = value + strspn(value, " \t\n,");

	while (*p != '\0') {
		const char *end = p;
		unsigned depth = 0;

		for (; *end != '\0' && (depth > 0 || !strchr(" \t\n,", *end)); end++)
			depth = *end == '{'                ? depth + 1
				: *end == '}' && depth > 0 ? depth - 1
							   : depth;
		g_ptr_array_add(elements, g_strndup(p, (gsize)(end - p)));
		p = end + strspn(end, " \t\n,");
	}
	return elements;
}

static bool table_has(const char *table, const char *key)
{
	const char *const arguments[] = {"postmap", "-q", key, table, NULL};
	g_autofree char *complaint = NULL;
	g_autoptr(GError) error = NULL;
	int status = 0;

	if (!g_spawn_sync(NULL, (char **)arguments, NULL,
			  G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
			  &complaint, &status, &error) ||
	    *complaint != '\0') {
		check_warning(what, error ? error->message
					  : g_strdelimit(g_strstrip(complaint), "\n", ' '));
		return true;
	}
	return g_spawn_check_wait_status(status, NULL);
}

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
		if (table_has(element, p))
			return true;
		if (!with_parents)
			break;
	}
	return false;
}

static bool text_has(const char *text, const char *domain, bool with_parents)
{
	g_autoptr(GPtrArray) elements = split_list(text);

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

	return text_has(value, domain,
			strcmp(parameter, "relay_domains") == 0 ||
			    strcmp(parameter, "transport_maps") == 0);
}

/* Relayed by its MX, which may be this machine. */
static bool is_sent_on(const struct postconf *postfix, const char *domain)
{
	g_autofree char *transport = postconf_value(postfix, NULL, "relay_transport");
	g_autofree char *relayhost = postconf_value(postfix, NULL, "relayhost");

	return strcmp(transport, "relay") == 0 && *relayhost == '\0' &&
	       !has(postfix, "transport_maps", domain);
}

static bool check_domain(const struct postconf *postfix, const char *domain)
{
	static const char *const final[] = {"mydestination", "virtual_alias_domains",
					    "virtual_mailbox_domains"};
	g_autofree char *text = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(final); i++)
		if (has(postfix, final[i], domain))
			return true;
	if (has(postfix, "relay_domains", domain)) {
		text = g_strdup_printf("main.cf: relay_domains has %s, and transport_maps does "
				       "not: what we do not discard goes to its MX, and loops if "
				       "that is this machine; write a transport for it",
				       domain);
		if (is_sent_on(postfix, domain))
			check_warning(what, text);
		return true;
	}
	text = g_strdup_printf("mail for the bounce domain %s is refused: it is neither in "
			       "mydestination, virtual_alias_domains or virtual_mailbox_domains "
			       "nor in relay_domains; write it into virtual_mailbox_domains in "
			       "main.cf, as main.cf.example has it",
			       domain);
	return check_fault(what, text);
}

bool destination_check(const struct postconf *postfix, const char *const *domains)
{
	bool is_good = true;

	for (; *domains; domains++)
		is_good = check_domain(postfix, *domains) && is_good;
	return is_good;
}
