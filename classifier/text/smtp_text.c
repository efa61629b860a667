/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 3463:  status-code = class "." subject "." detail
 *            class = "2" / "4" / "5";  subject, detail = 1*3digit
 * RFC 5321:  reply-code  = %x32-35 %x30-35 %x30-39
 */
#include "classifier/text/smtp_text.h"

#include <string.h>

#include <glib.h>

static size_t digits(const char *at)
{
	size_t n = 0;
	while (g_ascii_isdigit(at[n]))
		n++;
	return n;
}

/* Length of a status code at this place, or 0. */
static size_t status_length(const char *at)
{
	if ((*at != '2' && *at != '4' && *at != '5') || at[1] != '.')
		return 0;
	if (at[2] < '0' || at[2] > '7' || at[3] != '.')
		return 0; /* no subject above 7 is registered: a version, a date */
	size_t detail = digits(at + 4);
	if (detail < 1 || detail > 3)
		return 0;
	const char *after = at + 4 + detail;
	if (g_ascii_isalnum(*after) || *after == '_' ||
	    (*after == '.' && g_ascii_isalnum(after[1])))
		return 0;
	return (size_t)(after - at);
}

static bool is_reply(const char *at)
{
	return (*at == '4' || *at == '5') && at[1] >= '0' && at[1] <= '7' &&
	       g_ascii_isdigit(at[2]) && !g_ascii_isalnum(at[3]) && at[3] != '_' && at[3] != '@';
}

/* A status right behind "550 ", "550-" or '#' is meant as one. */
static bool is_strong_place(const char *text, const char *at)
{
	if (at == text || at[-1] == '#')
		return true;
	return at - text >= 4 && (at[-1] == ' ' || at[-1] == '-') && is_reply(at - 4) &&
	       (at - text == 4 || !g_ascii_isalnum(at[-5]));
}

bool smtp_find_status(const char *text, struct slice *status_out)
{
	struct slice weak = {NULL, 0}, success = {NULL, 0};
	for (const char *at = text; (at = strpbrk(at, "245")); at++) {
		if (at > text && (g_ascii_isalnum(at[-1]) || strchr("._", at[-1])))
			continue;
		size_t len = status_length(at);
		if (len == 0)
			continue;
		struct slice found = {at, len};
		bool strong = is_strong_place(text, at);
		if (*at != '2' && strong) {
			*status_out = found;
			return true;
		}
		if (*at != '2' && !weak.data && (at[-1] != '-'))
			weak = found;
		else if (*at == '2' && strong && !success.data)
			success = found;
	}
	if (!weak.data && !success.data)
		return false;
	*status_out = weak.data ? weak : success;
	return true;
}

/* A server's own number said twice, as in "ABC_416 [416]", is no reply code. */
static bool repeats_number(const char *text, const char *at)
{
	return at - text >= 5 && at[-1] == '[' && at[-2] == ' ' && strncmp(at - 5, at, 3) == 0;
}

/* What may stand before a reply code: the beginning of the text or of a line, a
 * mark, or one of these words. */
static bool may_precede_reply(const char *text, const char *at)
{
	if (at[3] == ' ' && status_length(at + 4) > 0)
		return true;
	static const char *const words[] = {
	    "said",    "error",     "code",    "reply",   "response",  "with",    "returned",
	    "smtp",    "status",    "was",     "server",  "responded", "data",    "rcpt",
	    "message", "permanent", "failure", "mailbox", "failed",    "rejected"};
	const char *before = at;
	while (before > text && before[-1] == ' ')
		before--;
	if (before == text || strchr("\n:<>#;([\"'=|,)]", before[-1]) || before[-1] == '-')
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		size_t len = strlen(words[i]);
		if ((size_t)(before - text) >= len &&
		    g_ascii_strncasecmp(before - len, words[i], len) == 0)
			return true;
	}
	return false;
}

/* What follows a reply code: a separator and then words, a status, or the end. */
static bool may_follow_reply(const char *after)
{
	if (*after == '\0' || strchr("\n-:;,)]\"'>", *after))
		return !(*after == '-' && g_ascii_isdigit(after[1]) &&
			 status_length(after + 1) == 0 && !is_reply(after + 1));
	return *after == ' ';
}

bool smtp_find_reply(const char *text, struct slice *reply_out)
{
	for (const char *at = text; (at = strpbrk(at, "45")); at++) {
		if (at > text && (g_ascii_isalnum(at[-1]) || strchr("._@", at[-1])))
			continue;
		if (!is_reply(at) || repeats_number(text, at) || !may_precede_reply(text, at) ||
		    !may_follow_reply(at + 3))
			continue;
		*reply_out = (struct slice){at, 3};
		return true;
	}
	return false;
}

static bool is_host_char(char c)
{
	return g_ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
}

/* A name with a dot, or an address literal, at this place. */
static bool host_at(const char *at, struct slice *host_out)
{
	while (*at == ' ' || *at == '<' || *at == '(' || *at == '\'' || *at == '"')
		at++;
	size_t len = 0;
	while (is_host_char(at[len]))
		len++;
	while (len > 0 && at[len - 1] == '.')
		len--;
	if (len < 4 || !memchr(at, '.', len) || at[len] == '@')
		return false;
	*host_out = (struct slice){at, len};
	return true;
}

bool smtp_find_host(const char *text, struct slice *host_out)
{
	/* the words that every MTA puts before the host that refused; before "said" Postfix */
	static const char *const before[] = {
	    "host ",           "talking to ",   "from remote mail server after ",
	    "Remote host ",    "connected to ", "connect to ",
	    "by remote host ", "server "};
	for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
		const char *at = strcasestr(text, before[i]);
		if (at && (at == text || !g_ascii_isalnum(at[-1])) &&
		    host_at(at + strlen(before[i]), host_out))
			return true;
	}
	return false;
}
