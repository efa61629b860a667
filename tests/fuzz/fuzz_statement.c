/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: the statement of a refusal. The first line of the input is the recipient and the
 * refusing host, the rest what the refusal says behind its code. A word that nobody knows is never
 * passed over, wherever before the end of the clause it stands.
 */
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "classifier/text/fold.h"
#include "classifier/verdict/statement.h"

/* Twice, since behind "user" the first one is a name. */
#define UNKNOWN " zorpqx zorpqx "

/* At each of them the sentence is read anew, word by word. */
enum { PLACES = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The full stops that no blank follows. */
static bool is_foreign_stop(const char *at)
{
	return g_str_has_prefix(at, "\xE3\x80\x82") || g_str_has_prefix(at, "\xEF\xBC\x81") ||
	       g_str_has_prefix(at, "\xEF\xBC\x9F") || g_str_has_prefix(at, "\xE0\xA5\xA4");
}

static bool ends_sentence(const char *at)
{
	return *at == '\n' || is_foreign_stop(at) ||
	       (strchr(".!?", *at) && (at[1] == ' ' || at[1] == '\0'));
}

static size_t first_sentence(const char *text)
{
	size_t len = 0;
	while (text[len] && !ends_sentence(text + len))
		len++;
	while (len > 0 && strchr(".!?", text[len - 1]))
		len--;
	return len;
}

static void expect_unknown(const char *words, const struct statement_names *names)
{
	g_autofree char *before = g_strconcat("550" UNKNOWN, words, NULL);
	size_t end = first_sentence(before);
	for (size_t at = 0; at < end; at += 1 + end / PLACES)
		if (statement_is_known(before, at, names))
			__builtin_trap();
	g_autofree char *topic = g_strconcat("550" UNKNOWN ": ", words, NULL);
	if (statement_has_known_topic(topic, strlen(topic), names))
		__builtin_trap();

	g_autofree char *sentence = g_strndup(words, first_sentence(words));
	g_autofree char *behind = g_strconcat("550 ", sentence, UNKNOWN, NULL);
	if (statement_is_known(behind, strlen(behind) - 1, names))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_utf8_make_valid((const char *)data, (gssize)size);
	char *line = strchr(text, '\n');
	if (line)
		*line++ = '\0';
	const struct statement_names names = {.recipient = text, .host = text};
	g_autofree char *folded = fold_text(line ? line : "", NULL);
	for (size_t at = 0, len = strlen(folded); at <= len; at += 1 + len / PLACES)
		(void)statement_is_known(folded, at, &names);
	/* a name is known in any case */
	g_autofree char *name = g_ascii_strdown(text, -1);
	if (!strstr(name, "zorpqx") && !strstr(folded, "zorpqx"))
		expect_unknown(folded, &names);
	return 0;
}
