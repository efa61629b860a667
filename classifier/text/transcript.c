/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A refusal is told of its command when the next command comes, or the text ends.
 */
#include "classifier/text/transcript.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "classifier/text/address.h"
#include "classifier/text/status_code.h"

enum {
	LINES_MAX = 400,
	PREFIX_BYTES = 48, /* of a line, with the time of day */
	COMMAND_BYTES = 300,
};

static const struct marks {
	const char *sent, *received;
} marks[] = {{"-->", "<--"}, {"->", "<-"}, {"C:", "S:"}};

/* A session that is being read. */
struct session {
	const char *address;
	char command[COMMAND_BYTES];
	GString *reply; /* to it, if that is a refusal */
	GString *found;
	bool is_of_address; /* found names the address in its command */
};

static bool names_recipient(const char *command)
{
	return g_ascii_strncasecmp(command, "RCPT", 4) == 0;
}

/* "RCPT TO", "MAIL FROM", "DATA" */
static char *command_name(const char *command)
{
	if (strcmp(command, ".") == 0)
		return g_strdup("end of DATA");
	size_t len = names_recipient(command) || g_ascii_strncasecmp(command, "MAIL", 4) == 0
			 ? strcspn(command, ":")
			 : strcspn(command, " ");
	return g_ascii_strup(command, (gssize)len);
}

static void end_command(struct session *session)
{
	bool is_recipient = names_recipient(session->command);
	bool is_of_address = is_recipient && address_locate(session->command, session->address);
	if (session->reply->len > 0 && *session->command &&
	    (is_of_address || (!is_recipient && !session->is_of_address))) {
		g_autofree char *name = command_name(session->command);
		g_string_printf(session->found, "%s (in reply to %s command)", session->reply->str,
				name);
		session->is_of_address = is_of_address;
	}
	g_string_truncate(session->reply, 0);
}

static void begin_command(struct session *session, const char *line, size_t len)
{
	end_command(session);
	len = MIN(len, sizeof session->command - 1);
	memcpy(session->command, line, len);
	session->command[len] = '\0';
	g_strchomp(session->command);
}

static void add_reply(struct session *session, const char *line, size_t len)
{
	if (len < 4 || !strchr("45", *line) || !status_code_is_reply(line) ||
	    !strchr(" -", line[3]))
		return;
	if (session->reply->len > 0)
		g_string_append_c(session->reply, '\n');
	g_string_append_len(session->reply, line, (gssize)len);
	g_strchomp(session->reply->str);
	session->reply->len = strlen(session->reply->str);
}

/* What stands behind the mark, if it begins the line, or follows a time of day; NULL if not. */
static const char *behind_mark(const char *line, size_t len, const char *mark)
{
	size_t mark_len = strlen(mark), room = MIN(len, PREFIX_BYTES);
	for (size_t i = 0; i + mark_len < room; i++) {
		bool begins_word = i == 0 || strchr(" \t:", line[i - 1]);
		if (!begins_word || strncmp(line + i, mark, mark_len) != 0)
			continue;
		const char *at = line + i + mark_len;
		return *at == ' ' || *at == '\t' ? at + strspn(at, " \t") : NULL;
	}
	return NULL;
}

static void read_session(const char *text, const struct marks *mark, struct session *session)
{
	int left = LINES_MAX;
	for (const char *line = text; *line && left > 0; left--) {
		size_t len = strcspn(line, "\n");
		const char *sent = behind_mark(line, len, mark->sent);
		const char *received = sent ? NULL : behind_mark(line, len, mark->received);
		if (sent && sent <= line + len)
			begin_command(session, sent, len - (size_t)(sent - line));
		else if (received && received <= line + len)
			add_reply(session, received, len - (size_t)(received - line));
		line += len + (line[len] == '\n');
	}
	end_command(session);
}

char *transcript_find_refusal(const char *text, const char *address)
{
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		if (!strstr(text, marks[i].received))
			continue;
		struct session session = {
		    .address = address, .reply = g_string_new(NULL), .found = g_string_new(NULL)};
		read_session(text, &marks[i], &session);
		g_string_free(session.reply, TRUE);
		if (session.found->len > 0)
			return g_string_free(session.found, FALSE);
		g_string_free(session.found, TRUE);
	}
	return NULL;
}
