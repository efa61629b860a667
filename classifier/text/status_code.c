/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 3463:  status-code = class "." subject "." detail
 *            class = "2" / "4" / "5";  subject, detail = 1*3digit
 * RFC 5321:  reply-code  = %x32-35 %x30-35 %x30-39
 */
#include "classifier/text/status_code.h"

#include <string.h>

#include <glib.h>

#include "classifier/text/words.h"

/* One to three digits: their count, or 0. */
static size_t number_length(const char *text)
{
	size_t count = strspn(text, "0123456789");
	return count <= 3 ? count : 0;
}

static bool is_status_class(char c)
{
	return c == '2' || c == '4' || c == '5';
}

size_t status_code_length(const char *text)
{
	if (!is_status_class(text[0]) || text[1] != '.')
		return 0;
	size_t subject = number_length(text + 2);
	if (subject == 0 || text[2 + subject] != '.')
		return 0;
	size_t detail = number_length(text + 3 + subject);
	return detail == 0 ? 0 : 3 + subject + detail;
}

bool status_code_is_reply(const char *text)
{
	return is_status_class(text[0]) && g_ascii_isdigit(text[1]) && g_ascii_isdigit(text[2]);
}

bool status_code_is_status(const char *text)
{
	size_t len = status_code_length(text);
	return len > 0 && text[len] == '\0';
}

bool status_code_is_generic(const char *status)
{
	return !status_code_is_status(status) || strcmp(status + 1, ".0.0") == 0;
}

/* --- status codes in a text ------------------------------------------------- */

static bool is_failure_reply(const char *at)
{
	return (*at == '4' || *at == '5') && at[1] >= '0' && at[1] <= '7' &&
	       g_ascii_isdigit(at[2]) && !g_ascii_isalnum(at[3]) && at[3] != '_' && at[3] != '@';
}

/* "550 ", "550-", "550 (#" right before this place. */
static bool follows_reply(const char *text, const char *at)
{
	while (at > text && strchr(" #(-", at[-1]))
		at--;
	return at - text >= 3 && is_failure_reply(at - 3) &&
	       (at - text == 3 || !g_ascii_isalnum(at[-4]));
}

/* The code is part of something longer: a version, an address, the name of a host. */
static bool runs_on(const char *after)
{
	return g_ascii_isalnum(*after) || *after == '_' ||
	       ((*after == '.' || *after == '-') && g_ascii_isalnum(after[1]));
}

/* The length of a code that is not part of something longer, or 0. */
static size_t length_in_text(const char *text, const char *at)
{
	size_t len = status_code_length(at);
	if (len == 0 || runs_on(at + len))
		return 0;
	if (at[3] != '.' || at[2] > '7')
		return 0; /* no subject above 7 is registered: a version, a date */
	if (at > text && (g_ascii_isalnum(at[-1]) || strchr("._/", at[-1])))
		return 0;
	return at > text && at[-1] == '-' && !follows_reply(text, at) ? 0 : len;
}

/* How sure it is that a code at this place is meant as one. */
enum certainty { CERTAINTY_NONE, CERTAINTY_ALONE, CERTAINTY_MARKED, CERTAINTY_SERVER };

static enum certainty certainty_at(const char *text, const char *at)
{
	if (length_in_text(text, at) == 0)
		return CERTAINTY_NONE;
	if (follows_reply(text, at))
		return CERTAINTY_SERVER;
	return at == text || at[-1] == '#' ? CERTAINTY_MARKED : CERTAINTY_ALONE;
}

/* The first of the surest codes of these classes. */
static enum certainty find_surest(const char *text, const char *classes, struct slice *status_out)
{
	enum certainty best = CERTAINTY_NONE;
	for (const char *at = text; best < CERTAINTY_SERVER && (at = strpbrk(at, classes)); at++) {
		enum certainty certainty = certainty_at(text, at);
		if (certainty <= best)
			continue;
		best = certainty;
		*status_out = (struct slice){at, status_code_length(at)};
	}
	return best;
}

bool status_code_find_failure(const char *text, char status_out[STATUS_CODE_SIZE])
{
	struct slice found;
	if (!find_surest(text, "45", &found))
		return false;
	g_strlcpy(status_out, found.data, found.len + 1);
	return true;
}

bool status_code_find(const char *text, struct slice *status_out)
{
	struct slice success;
	if (find_surest(text, "45", status_out))
		return true;
	if (find_surest(text, "2", &success) < CERTAINTY_MARKED)
		return false;
	*status_out = success;
	return true;
}

/* --- reply codes in a text -------------------------------------------------- */

/* A server's own number said twice, as in "ABC_416 [416]", is no reply code. */
static bool repeats_number(const char *text, const char *at)
{
	return at - text >= 5 && at[-1] == '[' && at[-2] == ' ' && strncmp(at - 5, at, 3) == 0;
}

/* What may be before a reply code: the beginning of the text or of a line, a
 * mark, or one of these words. */
static bool may_precede_reply(const char *text, const char *at)
{
	if (at[3] == ' ' && length_in_text(text, at + 4) > 0)
		return true;
	const char *before = at;
	while (before > text && before[-1] == ' ')
		before--;
	if (before == text || strchr("\n:<>#;([\"'=|,)]", before[-1]) || before[-1] == '-')
		return true;
	for (const char *const *word = words_reply_code_lead; *word; word++) {
		size_t len = strlen(*word);
		if ((size_t)(before - text) >= len &&
		    g_ascii_strncasecmp(before - len, *word, len) == 0)
			return true;
	}
	return false;
}

/* What follows a reply code: a separator and then words, a status, or the end. */
static bool may_follow_reply(const char *text, const char *after)
{
	if (*after == '\0' || strchr("\n-:;,)]\"'>", *after))
		return !(*after == '-' && g_ascii_isdigit(after[1]) &&
			 length_in_text(text, after + 1) == 0 && !is_failure_reply(after + 1));
	return *after == ' ';
}

bool status_code_find_reply(const char *text, struct slice *reply_out)
{
	for (const char *at = text; (at = strpbrk(at, "45")); at++) {
		if (at > text && (g_ascii_isalnum(at[-1]) || strchr("._@", at[-1])))
			continue;
		if (!is_failure_reply(at) || repeats_number(text, at) ||
		    !may_precede_reply(text, at) || !may_follow_reply(text, at + 3))
			continue;
		*reply_out = (struct slice){at, 3};
		return true;
	}
	return false;
}
