/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Proposing a rule.
 */
#include "classifier/rules/proposal.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "classifier/text/fold.h"

enum { RUN_WORDS_MIN = 2, RUN_WORDS_MAX = 8, EXAMPLE_BYTES_MAX = 300 };

/* Letters with what stands in and after words; what has a digit, a dot inside,
 * a slash or an address differs from mail to mail. */
static bool is_plain_word(const char *word)
{
	size_t len = strlen(word);
	bool has_letter = false;

	for (const char *p = word; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		bool ends = p[1] == '\0';

		if (g_unichar_isalpha(c))
			has_letter = true;
		else if (c != '\'' && c != '-' && !(ends && c < 0x80 && strchr(",.;:!", (int)c)))
			return false;
	}
	return has_letter && len <= 40;
}

struct run {
	guint start;
	guint count;
	size_t bytes;
};

static struct run longest_run(char **words)
{
	struct run best = {0};
	struct run run = {0};

	for (guint i = 0; words[i]; i++) {
		if (!is_plain_word(words[i]) || run.count == RUN_WORDS_MAX) {
			run = (struct run){.start = i + 1};
			continue;
		}
		run.count++;
		run.bytes += strlen(words[i]);
		if (run.bytes > best.bytes)
			best = run;
	}
	return best;
}

/* The words as a pattern; a stop behind the last says nothing. */
static char *pattern_of(char **words, const struct run *run)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < run->count; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? " " : "", words[run->start + i]);
	while (text->len > 0 && strchr(",.;:!", text->str[text->len - 1]))
		g_string_truncate(text, text->len - 1);
	g_autofree char *plain = g_string_free(text, FALSE);
	return g_regex_escape_string(plain, -1);
}

/* The diagnostic without anybody's address. */
static char *example_of(const char *folded)
{
	g_auto(GStrv) parts = g_strsplit(folded, "<@>", -1);
	g_autofree char *text = g_strjoinv("<user@example.com>", parts);
	size_t len = MIN(strlen(text), EXAMPLE_BYTES_MAX);

	while (len > 0 && len < strlen(text) && ((unsigned char)text[len] & 0xC0) == 0x80)
		len--;
	return g_strndup(text, len);
}

char *proposal_rule_id(const struct proposal *proposal)
{
	return g_strconcat("site.bounce-", proposal->bounce, NULL);
}

char *proposal_rule(const struct proposal *proposal)
{
	g_autofree char *folded = fold_text(proposal->diagnostic ? proposal->diagnostic : "", NULL);
	g_auto(GStrv) words = g_strsplit(folded, " ", -1);
	struct run run = longest_run(words);

	if (run.count < RUN_WORDS_MIN)
		return NULL;
	g_autofree char *pattern = pattern_of(words, &run);
	g_autofree char *example = example_of(folded);
	g_autofree char *host =
	    g_regex_escape_string(proposal->remote_mta ? proposal->remote_mta : "", -1);
	g_autofree char *id = proposal_rule_id(proposal);
	return g_strdup_printf("[%s]\nreason  = %s\nmatch   = %s\n%s%s%sexample = %s\n", id,
			       proposal->reason, pattern,
			       *host != '\0' ? "# only from this host:\n# host  = " : "", host,
			       *host != '\0' ? "\n" : "", example);
}
