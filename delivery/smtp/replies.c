/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
 * (RFC 5321 section 4.2). What was received may begin in the middle of a line.
 */
#include "delivery/smtp/replies.h"

#include <string.h>

#include <glib.h>

/* 0: not a line of a refusal, or not of one with that code if it is not 0. */
static int refusal_code(const char *line, int code)
{
	bool is_reply = strspn(line, "0123456789") == 3 &&
			(line[3] == '\0' || line[3] == ' ' || line[3] == '-');
	int number = is_reply ? (int)g_ascii_strtoll(line, NULL, 10) : 0;

	return number >= 400 && number <= 599 && (code == 0 || number == code) ? number : 0;
}

char *replies_last_refusal(const char *received, int code)
{
	g_auto(GStrv) lines = g_strsplit(received, "\n", -1);
	GString *text = g_string_new(NULL);
	int found = 0;

	for (guint i = g_strv_length(lines); i-- > 0;) {
		const char *line = g_strchomp(lines[i]);
		int number = refusal_code(line, found != 0 ? found : code);

		if (found != 0 && (number == 0 || line[3] != '-'))
			break; /* the reply before it */
		if (number == 0)
			continue;
		found = number;
		if (line[3] == '-')
			g_string_prepend_c(text, ' ');
		g_string_prepend(text, line[3] == '\0' ? "" : line + 4);
	}
	if (found != 0 && code == 0) {
		g_autofree char *front = g_strdup_printf("%d ", found);

		g_string_prepend(text, front);
	}
	return g_string_free(text, FALSE);
}

bool replies_offer_8bitmime(const char *received)
{
	return strstr(received, "250-8BITMIME") || strstr(received, "250 8BITMIME");
}

bool replies_accept_login(const char *received)
{
	return g_str_has_prefix(received, "235") || strstr(received, "\n235");
}

void replies_hide_pipelining(const char *received, size_t received_len, char *fresh, size_t len)
{
	static const char keyword[] = "PIPELINING";
	const char *stop = received + received_len; /* there may be NULs among them */
	const char *copy = stop - len;

	for (const char *line = received; line && line < stop;) {
		const char *word = line + strlen("250-");
		const char *last = word + strlen(keyword) - 1;

		if (strncmp(line, "250", 3) == 0 && last < stop && last >= copy &&
		    g_ascii_strncasecmp(word, keyword, strlen(keyword)) == 0)
			fresh[last - copy] = '-';
		line = memchr(line, '\n', (size_t)(stop - line));
		if (line)
			line++;
	}
}
