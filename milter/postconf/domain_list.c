/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/postconf/domain_list.h"

#include <string.h>

#include "milter/postconf/lookup_table.h"

/* What an element of a list stands for beside itself. */
enum parents {
	PARENTS_NONE,   /* most lists */
	PARENTS_PLAIN,  /* "example.org" for its subdomains as well */
	PARENTS_DOTTED, /* ".example.org" for the subdomains, without itself */
};

/* parent_domain_matches_subdomains has relay_domains by default. */
static enum parents parents_of(const struct postconf *postfix, const char *parameter)
{
	g_autofree char *plain = postconf_value(postfix, NULL, "parent_domain_matches_subdomains");

	if (strcmp(parameter, "relay_domains") != 0)
		return PARENTS_NONE;
	return postconf_has_word(plain, parameter) ? PARENTS_PLAIN : PARENTS_DOTTED;
}

/* The key behind this one that Postfix looks for; NULL: there is none. */
static const char *next_parent(const char *key, enum parents parents)
{
	const char *dot = parents == PARENTS_NONE ? NULL : strchr(key + 1, '.');

	return dot && parents == PARENTS_PLAIN ? dot + 1 : dot;
}

static bool element_has(const char *element, const char *domain, enum parents parents)
{
	bool is_table = strchr(element, ':');

	if (*element == '$') /* an expression of Postfix's own default, which is mydestination */
		return false;
	for (const char *key = domain; key; key = next_parent(key, parents))
		if (is_table ? lookup_table_ask(element, key, NULL) != LOOKUP_TABLE_LACKS
			     : g_ascii_strcasecmp(element, key) == 0)
			return true;
	return false;
}

static bool text_has(const char *text, const char *domain, enum parents parents)
{
	g_autoptr(GPtrArray) elements = lookup_table_split(text);

	for (guint i = 0; i < elements->len; i++) {
		const char *element = elements->pdata[i];
		bool is_excluding = *element == '!';
		g_autofree char *contents = NULL;

		element += is_excluding;
		if (*element == '/')
			g_file_get_contents(element, &contents, NULL, NULL);
		if (contents ? text_has(contents, domain, parents)
			     : element_has(element, domain, parents))
			return !is_excluding;
	}
	return false;
}

bool domain_list_has(const struct postconf *postfix, const char *parameter, const char *domain)
{
	g_autofree char *value = postconf_value(postfix, NULL, parameter);

	return text_has(value, domain, parents_of(postfix, parameter));
}
