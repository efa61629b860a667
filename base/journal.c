/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One datagram an entry, a field a line: nothing in a line of the log is a line break.
 */
#include "base/journal.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyz_";

int journal_open(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	if (journal >= 0 &&
	    connect(journal, (const struct sockaddr *)&address, sizeof address) != 0) {
		close(journal);
		return -1;
	}
	return journal;
}

/* Length of the name before "=" with which text begins, or 0. */
static size_t name_length(const char *text)
{
	size_t len = strspn(text, name_characters);

	return text[len] == '=' ? len : 0;
}

/* Appends a value of log_quote() as it was before, but for \xHH; returns what follows it. */
static const char *append_quoted(GString *entry, const char *text)
{
	for (text++; *text != '\0' && *text != '"'; text++) {
		if (*text == '\\' && (text[1] == '"' || text[1] == '\\'))
			text++;
		g_string_append_c(entry, *text);
	}
	return *text == '"' ? text + 1 : text;
}

static const char *append_journal_value(GString *entry, const char *text)
{
	if (*text == '"')
		return append_quoted(entry, text);
	size_t len = strcspn(text, " ");
	g_string_append_len(entry, text, (gssize)len);
	return text + len;
}

/* Appends a field for each pair; anything else ends them. */
static void append_pairs(GString *entry, const char *text)
{
	for (size_t len; (len = name_length(text)) > 0; text += *text == ' ') {
		g_autofree char *name = g_ascii_strup(text, (gssize)len);

		g_string_append_printf(entry, "BM_%s=", name);
		text = append_journal_value(entry, text + len + 1);
		g_string_append_c(entry, '\n');
	}
}

static void append_event(GString *entry, const char *text)
{
	size_t len = strspn(text, name_characters);

	if (len == 0 || text[len] != ' ' || name_length(text + len + 1) == 0)
		return;
	g_string_append_printf(entry, "BM_EVENT=%.*s\n", (int)len, text);
	append_pairs(entry, text + len + 1);
}

bool journal_send(int journal, int priority, const char *ident, const char *id, const char *text)
{
	g_autoptr(GString) entry = g_string_new(NULL);

	g_string_printf(entry, "MESSAGE=%s%s%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n", id,
			*id ? ": " : "", text, priority, ident);
	if (*id)
		g_string_append_printf(entry, "BM_QUEUE_ID=%s\n", id);
	append_event(entry, text);
	return send(journal, entry->str, entry->len, MSG_NOSIGNAL) == (ssize_t)entry->len;
}
