/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A set phrase, and the address near it. The words of both are kept, because a person has
 * to judge them.
 */
#include "classifier/prose/contact_change.h"

#include <string.h>

#include "classifier/report/correspondents.h"
#include "classifier/text/address.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define TEXT_BYTES   2000 /* of the text that are looked at */
#define BEFORE_BYTES 120  /* before the phrase: to the start of its sentence, to the address */
#define AFTER_BYTES  300  /* behind the phrase, in which the address stands */
#define WORDS_BYTES  240  /* that are kept */

/* The phrase as it was found: a place in the text, and the same text in small letters. */
struct phrase {
	const char *text;
	const char *start;
	const char *end;
};

/* What the writer says himself, on one line: sentences are wrapped anywhere. */
static char *own_words(const char *text)
{
	g_autoptr(GString) words = g_string_new(NULL);
	while (*text && words->len < TEXT_BYTES) {
		size_t len = strcspn(text, "\n");
		if (*text != '>')
			g_string_append_len(words, text, (gssize)len);
		g_string_append_c(words, ' ');
		text += len + (text[len] == '\n');
	}
	return text_one_line(words->str, text_cut_length(words->str, words->len, TEXT_BYTES));
}

/* The first of the phrases that the text has. */
static bool find_phrase(const char *text, const char *lower, const char *const *phrases,
			struct phrase *phrase_out)
{
	const char *first = NULL;
	size_t len = 0;
	for (; *phrases; phrases++) {
		const char *found = strstr(lower, *phrases);
		if (!found || (first && found >= first))
			continue;
		first = found;
		len = strlen(*phrases);
	}
	if (!first)
		return false;
	*phrase_out = (struct phrase){text, text + (first - lower), text + (first - lower) + len};
	return true;
}

static size_t window_behind(const struct phrase *phrase)
{
	return text_cut_length(phrase->end, strlen(phrase->end), AFTER_BYTES);
}

static const char *window_before(const struct phrase *phrase)
{
	const char *from = phrase->start - phrase->text > BEFORE_BYTES
			       ? phrase->start - BEFORE_BYTES
			       : phrase->text;
	while (((unsigned char)*from & 0xC0) == 0x80)
		from++;
	return from;
}

/* Somebody's address with a host, and not ours. */
static char *usable(const struct message *message, struct slice found)
{
	g_autofree char *address = g_strndup(found.data, found.len);
	const char *host = strrchr(address, '@');
	if (!host || !strchr(host, '.') || address_is_in(message->header->to, address) ||
	    address_is_in(message->original.header.to, address))
		return NULL;
	return g_steal_pointer(&address);
}

/* The first usable address in the text, and how many different ones there are. Heap; NULL. */
static char *find_address(const struct message *message, struct slice text, unsigned *different_out)
{
	char *first = NULL;
	struct slice found;
	*different_out = 0;
	while (address_find(text.data, text.len, &found)) {
		g_autofree char *address = usable(message, found);
		size_t done = (size_t)(found.data + found.len - text.data);
		text = (struct slice){text.data + done, text.len - done};
		if (!address || (first && g_ascii_strcasecmp(first, address) == 0))
			continue;
		*different_out += 1;
		if (!first)
			first = g_steal_pointer(&address);
	}
	return first;
}

/* The start of the sentence that has the phrase, as far as it is near. */
static const char *sentence_start(const struct phrase *phrase)
{
	const char *from = window_before(phrase);
	const char *start = from;
	for (const char *at = from; at < phrase->start; at++)
		if (*at == ' ' && at > from && strchr(".!?", at[-1]))
			start = at + 1;
	return start;
}

static void keep_words(const struct message *message, const struct phrase *phrase,
		       struct finding *finding)
{
	const char *start = sentence_start(phrase);
	size_t len = text_cut_length(start, strlen(start), WORDS_BYTES);
	g_autofree char *words = g_strndup(start, len);
	finding->facts.change_words = value_pool_string(message->pool, words);
}

static void read_departure(const struct message *message, const struct phrase *phrase,
			   struct finding *finding)
{
	unsigned different;
	struct slice behind = {phrase->end, window_behind(phrase)};
	g_autofree char *address = find_address(message, behind, &different);
	finding->facts.has_left = true;
	if (different == 1 && g_ascii_strcasecmp(address, message->header->from) != 0)
		finding->facts.new_address = value_pool_string(message->pool, address);
	keep_words(message, phrase, finding);
}

static void read_change(const struct message *message, const struct phrase *phrase,
			struct finding *finding)
{
	unsigned different;
	const char *from = sentence_start(phrase);
	struct slice behind = {phrase->end, window_behind(phrase)};
	struct slice before = {from, (size_t)(phrase->start - from)};
	g_autofree char *address = find_address(message, behind, &different);
	if (!address)
		address = find_address(message, before, &different);
	if (!address)
		return;
	finding->facts.new_address = value_pool_string(message->pool, address);
	keep_words(message, phrase, finding);
}

void contact_change_read(const struct message *message, struct finding *finding)
{
	g_autofree char *text = own_words(message->text);
	g_autofree char *lower = text_lower_in_place(g_strdup(text));
	struct phrase phrase;
	if (find_phrase(text, lower, words_has_left, &phrase))
		read_departure(message, &phrase, finding);
	if (!*finding->facts.new_address && find_phrase(text, lower, words_new_address, &phrase))
		read_change(message, &phrase, finding);
}
