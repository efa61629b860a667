/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each step shortens the words, never below what says something.
 */
#include "classifier/verdict/evidence.h"

#include <string.h>

#include <glib.h>

#include "classifier/text/status_code.h"
#include "classifier/text/words.h"

static void cut(char *from, const char *to)
{
	memmove(from, to, strlen(to) + 1);
}

static bool is_refusal_code(const char *text)
{
	return (*text == '4' || *text == '5') && status_code_is_reply(text) &&
	       (text[3] == ' ' || text[3] == '-' || text[3] == '\0');
}

/* --- phrases ------------------------------------------------------------------ */

/* The end of a token that names nothing: a code, a host, an id in brackets, a link. */
static const char *skip_token(const char *at)
{
	static const char open[] = "([<\"", close[] = ")]>\"";
	const char *bracket = strchr(open, *at);
	const char *end = bracket ? strchr(at + 1, close[bracket - open]) : NULL;
	if (end)
		return end + 1;
	size_t len = strcspn(at, " \n");
	bool has_digit = strcspn(at, "0123456789 \n") < len;
	return has_digit || g_strstr_len(at, (gssize)len, "://") ? at + len : NULL;
}

bool evidence_speaks(const char *text)
{
	while (*text) {
		const char *after = skip_token(text);
		if (after) {
			text = after;
			continue;
		}
		if (g_ascii_isalpha(*text) || (unsigned char)*text >= 0x80)
			return true;
		text++;
	}
	return false;
}

/* The longest of the phrases at this place, or 0. */
static size_t phrase_length(const char *at, const char *const *phrases)
{
	size_t best = 0;
	for (; *phrases; phrases++) {
		size_t len = strlen(*phrases);
		if (len > best && g_ascii_strncasecmp(at, *phrases, len) == 0)
			best = len;
	}
	return best;
}

/* In one pass, and most places by their first character: the text may be long. */
static void drop_phrases(char *text, const char *const *phrases)
{
	bool begins[256] = {false};
	char *kept = text;
	for (const char *const *phrase = phrases; *phrase; phrase++)
		begins[(unsigned char)g_ascii_tolower(**phrase)] = true;
	for (const char *at = text; *at;) {
		size_t len =
		    begins[(unsigned char)g_ascii_tolower(*at)] ? phrase_length(at, phrases) : 0;
		/* "unavailable or access denied" is one statement */
		if (len > 0 && g_ascii_strncasecmp(at + len, " or ", 4) != 0)
			at += len;
		else
			*kept++ = *at++;
	}
	*kept = '\0';
}

static void drop_formulas(char *text)
{
	g_autofree char *rest = g_strdup(text);
	drop_phrases(rest, words_formula);
	if (strlen(rest) < strlen(text) && evidence_speaks(rest))
		cut(text, rest);
}

/* --- what another system put before or behind the reply -------------------------- */

static void keep_from(char *text, const char *at)
{
	if (evidence_speaks(at))
		cut(text, at);
}

/* "Remote server returned ... -> 550 No such user": Exchange Online. */
static void keep_quoted_reply(char *text)
{
	char *arrow = strstr(text, "-> ");
	if (arrow && is_refusal_code(arrow + 3)) {
		g_autofree char *before = g_ascii_strdown(text, arrow - text);
		if (words_any(before, words_formula))
			keep_from(text, arrow + 3);
	}
	for (const char *const *phrase = words_reply_follows; *phrase; phrase++) {
		char *at = strcasestr(text, *phrase);
		if (at)
			keep_from(text, at + strlen(*phrase));
	}
}

/* "550 5.1.1 <@>... User unknown" */
static bool is_own_line(const char *at)
{
	if (!is_refusal_code(at) || at[3] != ' ')
		return false;
	at += 4;
	size_t status = status_code_length(at);
	if (status > 0 && at[status] == ' ')
		at += status + 1;
	size_t name = strcspn(at, " \n");
	return name > 3 && strncmp(at + name - 3, "...", 3) == 0;
}

static void drop_own_lines(char *text)
{
	char *quoted = strstr(text, "<<< ");
	if (!quoted || !is_refusal_code(quoted + 4))
		return;
	for (char *at = quoted + 4; (at = strpbrk(at, " \n")); at++)
		if (is_own_line(at + 1)) {
			*at = '\0';
			return;
		}
}

void evidence_keep(char *folded)
{
	drop_own_lines(folded);
	keep_quoted_reply(folded);
	drop_phrases(folded, words_empty_phrase);
	drop_formulas(folded);
}

enum evidence_status evidence_find_status(const char *folded, char status_out[STATUS_CODE_SIZE])
{
	const char *reply = folded;
	while (*reply &&
	       !(is_refusal_code(reply) && (reply == folded || !g_ascii_isalnum(reply[-1]))))
		reply++;
	if (!*reply)
		return EVIDENCE_NO_REPLY;
	return status_code_find_failure(reply, status_out) ? EVIDENCE_OWN_STATUS
							   : EVIDENCE_NO_STATUS;
}
