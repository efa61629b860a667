/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of refusals, and who heard them.
 */
#include "delivery/outcome/refusals.h"

#include <string.h>

#include <glib.h>

#include "classifier/text/status_code.h"

enum { HEARD_MAX = 10000 }; /* then it is as if this process had just begun */

struct heard {
	char *address; /* the first who heard it */
	char *communication_id;
	bool is_by_others;
	GHashTable *addresses; /* all who did, in small letters */
};

struct refusals {
	GMutex lock;
	GHashTable *said; /* words to struct heard */
	size_t heard_count;
	bool has_accepted; /* since this process began */
	bool is_accused;
};

static void heard_free(void *data)
{
	struct heard *heard = data;

	g_free(heard->address);
	g_free(heard->communication_id);
	g_hash_table_unref(heard->addresses);
	g_free(heard);
}

struct refusals *refusals_new(void)
{
	struct refusals *refusals = g_new0(struct refusals, 1);

	g_mutex_init(&refusals->lock);
	refusals->said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, heard_free);
	return refusals;
}

void refusals_free(struct refusals *refusals)
{
	if (!refusals)
		return;
	g_hash_table_unref(refusals->said);
	g_mutex_clear(&refusals->lock);
	g_free(refusals);
}

static void forget_refusals(struct refusals *refusals, bool has_accepted)
{
	g_hash_table_remove_all(refusals->said);
	refusals->heard_count = 0;
	refusals->has_accepted = has_accepted;
	refusals->is_accused = refusals->is_accused && !has_accepted;
}

void refusals_forget(struct refusals *refusals)
{
	g_mutex_lock(&refusals->lock);
	forget_refusals(refusals, true);
	g_mutex_unlock(&refusals->lock);
}

void refusals_accuse(struct refusals *refusals)
{
	g_mutex_lock(&refusals->lock);
	refusals->is_accused = true;
	g_mutex_unlock(&refusals->lock);
}

bool refusals_is_accused(struct refusals *refusals)
{
	g_mutex_lock(&refusals->lock);
	bool is_accused = refusals->is_accused;
	g_mutex_unlock(&refusals->lock);
	return is_accused;
}

static bool is_part_of(const char *word, size_t len, const char *address)
{
	const char *at = strrchr(address, '@');
	g_autofree char *domain = g_hostname_to_ascii(at ? at + 1 : "");
	size_t local_len = at ? (size_t)(at - address) : strlen(address);

	while (len > 0 && word[len - 1] == '.')
		len--;
	return (len == local_len && g_ascii_strncasecmp(word, address, len) == 0) ||
	       (at && len == strlen(at + 1) && g_ascii_strncasecmp(word, at + 1, len) == 0) ||
	       (domain && len == strlen(domain) && g_ascii_strncasecmp(word, domain, len) == 0);
}

static bool has_digit(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (g_ascii_isdigit(word[i]))
			return true;
	return false;
}

static bool differs_by_mail(const char *word, size_t len, const char *address)
{
	return memchr(word, '@', len) || has_digit(word, len) || is_part_of(word, len, address);
}

/* The length of the reply code and the enhanced one behind it. */
static size_t codes_length(const char *line)
{
	size_t len = strcspn(line, " ");

	return line[len] == ' ' ? len + 1 + status_code_length(line + len + 1) : len;
}

char *refusals_words(const char *line, const char *address)
{
	static const char ends[] = " <>[](){}\"',;:=/!?";
	size_t codes = codes_length(line);
	GString *text = g_string_new_len(line, (gssize)codes);

	for (const char *p = line + codes; *p != '\0';) {
		size_t len = *p == '<' ? strcspn(p, ">") : strcspn(p, ends);

		if (*p != '<' && !differs_by_mail(p, len, address))
			g_string_append_len(text, p, (gssize)len);
		p += len;
		if (*p != '\0' && *p != '<')
			g_string_append_c(text, *p++);
	}
	return g_string_free(text, FALSE);
}

/* Takes words. */
static struct heard *heard_of(struct refusals *refusals, char *words, const struct db_item *item,
			      const char *address)
{
	struct heard *heard = g_hash_table_lookup(refusals->said, words);

	if (heard) {
		g_free(words);
		return heard;
	}
	heard = g_new0(struct heard, 1);
	heard->address = g_strdup(address);
	heard->communication_id = g_strdup(item->communication_id);
	heard->addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_insert(refusals->said, words, heard);
	return heard;
}

struct refusals_answer refusals_hear(struct refusals *refusals, const struct db_item *item,
				     size_t i, const char *line, bool is_of_content)
{
	const char *address = item->addresses[i];
	char *words = refusals_words(line, address);

	g_mutex_lock(&refusals->lock);
	if (refusals->heard_count >= HEARD_MAX)
		forget_refusals(refusals, false);
	struct heard *heard = heard_of(refusals, words, item, address);
	bool is_first = g_hash_table_add(heard->addresses, g_utf8_strdown(address, -1));
	bool is_same =
	    g_ascii_strcasecmp(heard->address, address) == 0 ||
	    (is_of_content && strcmp(heard->communication_id, item->communication_id) == 0);
	refusals->heard_count += is_first;
	heard->is_by_others = heard->is_by_others || !is_same;
	const struct refusals_answer answer = {.is_alike = heard->is_by_others,
					       .is_its_own = is_first && refusals->has_accepted};
	g_mutex_unlock(&refusals->lock);
	return answer;
}
