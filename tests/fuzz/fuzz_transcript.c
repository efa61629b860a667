/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: the transcript of a session. The first line of the input is the recipient, the rest
 * the text. A refusal is made of lines of the text, and what was said to somebody else is never
 * part of it.
 */
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "classifier/text/text.h"
#include "classifier/text/transcript.h"

#define REPLY_TO_OTHER "550 no zorpqx"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "550-5.1.1 No\n550 5.1.1 user (in reply to RCPT TO command)" */
static void expect_lines_of(const char *text, char *refusal)
{
	char *command = g_strrstr(refusal, " (in reply to ");
	if (!command || !g_str_has_suffix(command, " command)"))
		__builtin_trap();
	*command = '\0';
	g_auto(GStrv) lines = g_strsplit(refusal, "\n", -1);
	for (char **line = lines; *line; line++)
		if (!strchr("45", **line) || !strstr(text, *line))
			__builtin_trap();
}

/* The other's address has the recipient's at its end. */
static void expect_nothing_of_other(const char *text, const char *recipient)
{
	static const char *const marks[][2] = {{"-->", "<--"}, {"->", "<-"}, {"C:", "S:"}};
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		g_autofree char *longer =
		    g_strdup_printf("%s\n%s RCPT TO:<z%s>\n%s " REPLY_TO_OTHER "\n%s RSET\n", text,
				    marks[i][0], recipient, marks[i][1], marks[i][0]);
		g_autofree char *refusal = transcript_find_refusal(longer, recipient);
		if (refusal && strstr(refusal, REPLY_TO_OTHER))
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *recipient = text_clean((const char *)data, size, size);
	char *line = strchr(recipient, '\n');
	if (line)
		*line++ = '\0';
	const char *text = line ? line : "";
	g_autofree char *refusal = transcript_find_refusal(text, recipient);
	if (refusal)
		expect_lines_of(text, refusal);
	if (g_ascii_isalnum(*recipient) && strchr(recipient, '@') &&
	    !strstr(recipient, REPLY_TO_OTHER) && !strstr(text, REPLY_TO_OTHER))
		expect_nothing_of_other(text, recipient);
	return 0;
}
