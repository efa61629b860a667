/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libidn2 does the domain; a domain it refuses stays as it is.
 */
#include "classifier/text/address_spelling.h"

#include <string.h>

#include <idn2.h>

static void add_once(GPtrArray *spellings, char *spelling)
{
	if (g_ptr_array_find_with_equal_func(spellings, spelling, g_str_equal, NULL))
		g_free(spelling);
	else
		g_ptr_array_add(spellings, spelling);
}

static void add_with_domain(GPtrArray *spellings, const char *local_part, char *domain)
{
	if (!domain)
		return;
	add_once(spellings, g_strconcat(local_part, "@", domain, NULL));
	idn2_free(domain);
}

static char *domain_to_ascii(const char *domain)
{
	char *ascii = NULL;

	if (idn2_to_ascii_8z(domain, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return NULL;
	return ascii;
}

static char *domain_to_unicode(const char *domain)
{
	char *unicode = NULL;

	if (idn2_to_unicode_8z8z(domain, &unicode, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return NULL;
	return unicode;
}

/* Composed and in lower case. */
static char *fold_case(const char *text)
{
	g_autofree char *composed = g_utf8_normalize(text, -1, G_NORMALIZE_NFC);

	return g_utf8_strdown(composed ? composed : text, -1);
}

void address_spelling_add_all(const char *address, GPtrArray *spellings)
{
	g_autofree char *folded = fold_case(address);
	size_t len = strlen(folded);

	if (len > 0 && folded[len - 1] == '.') /* the root, in an absolute domain name */
		folded[len - 1] = '\0';
	if (folded[0] == '\0')
		return;
	add_once(spellings, g_strdup(folded));
	char *at = strrchr(folded, '@');
	if (!at || (g_str_is_ascii(at) && !strstr(at, "xn--")))
		return;
	*at = '\0';
	add_with_domain(spellings, folded, domain_to_ascii(at + 1));
	add_with_domain(spellings, folded, domain_to_unicode(at + 1));
}

char *address_spelling_for_wire(const char *address)
{
	const char *at = strrchr(address, '@');
	char *ascii = !at || g_str_is_ascii(at) ? NULL : domain_to_ascii(at + 1);

	if (!ascii)
		return g_strdup(address);
	g_autofree char *local_part = g_strndup(address, (gsize)(at - address));
	char *whole = g_strconcat(local_part, "@", ascii, NULL);
	idn2_free(ascii);
	return whole;
}
