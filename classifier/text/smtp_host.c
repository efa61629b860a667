/* SPDX-License-Identifier: BSD-2-Clause
 *
 * By the words that mail systems put before the name.
 */
#include "classifier/text/smtp_host.h"

#include <string.h>

#include <glib.h>

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

/* "unknown host NAME": it is what was refused, and not who refused it. */
static bool is_missed(const char *text, const char *at)
{
	static const char *const words[] = {"unknown ", "no such ", "invalid ", "bad "};
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		size_t len = strlen(words[i]);
		if ((size_t)(at - text) >= len && g_ascii_strncasecmp(at - len, words[i], len) == 0)
			return true;
	}
	return false;
}

bool smtp_host_find(const char *text, struct slice *host_out)
{
	/* what MTAs write before the host that refused */
	static const char *const before[] = {
	    "host ",           "talking to ",   "from remote mail server after ",
	    "Remote host ",    "connected to ", "connect to ",
	    "by remote host ", "server ",       "host: "};
	for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
		const char *at = strcasestr(text, before[i]);
		if (at && (at == text || !g_ascii_isalnum(at[-1])) && !is_missed(text, at) &&
		    host_at(at + strlen(before[i]), host_out))
			return true;
	}
	return false;
}
