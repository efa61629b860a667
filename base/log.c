/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The log. The level is the only state that changes after log_open, and it is
 * one atomic integer.
 */
#include "base/log.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/printable_text.h"

enum { QUOTE_BYTES_MAX = 200 };

static const char *log_ident = "bounce-milter";
static enum log_target log_destination = LOG_TARGET_STDERR;
static bool is_journal;
static int journal = -1; /* its own socket, which takes fields */
static const char *journal_path = JOURNAL_SOCKET;
static gint log_threshold = LOG_LEVEL_INFO;

static const struct {
	const char *name;
	int syslog_priority;
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", LOG_ERR},
    [LOG_LEVEL_WARNING] = {"warning", LOG_WARNING},
    [LOG_LEVEL_INFO] = {"info", LOG_INFO},
    [LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

static const char *const targets[] = {
    [LOG_TARGET_STDERR] = "stderr", [LOG_TARGET_SYSLOG] = "syslog"};

/* systemd names the file that it has connected; somebody may have put another in its place. */
static bool find_journal(void)
{
	const char *stream = g_getenv("JOURNAL_STREAM");
	struct stat status;

	if (!stream || fstat(STDERR_FILENO, &status) != 0)
		return false;
	g_autofree char *ours =
	    g_strdup_printf("%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	return strcmp(stream, ours) == 0;
}

void log_open(const char *ident, enum log_target target, enum log_level level)
{
	log_ident = ident;
	log_destination = target;
	log_set_level(level);
	is_journal = find_journal();
	journal = is_journal ? journal_open(journal_path) : -1;
	if (target == LOG_TARGET_SYSLOG)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void log_set_journal(const char *path)
{
	journal_path = path;
}

void log_set_level(enum log_level level)
{
	g_atomic_int_set(&log_threshold, (gint)level);
}

/* What stands before the event. Heap. */
static char *line_head(enum log_level level)
{
	if (is_journal)
		return g_strdup_printf("<%d>", levels[level].syslog_priority);
	return g_strdup_printf("%s[%d]: %s%s", log_ident, (int)getpid(),
			       level <= LOG_LEVEL_WARNING ? levels[level].name : "",
			       level <= LOG_LEVEL_WARNING ? ": " : "");
}

static bool write_journal(enum log_level level, const char *id, const char *text)
{
	return journal >= 0 &&
	       journal_send(journal, levels[level].syslog_priority, log_ident, id, text);
}

/* One write(2), so that lines of several threads never mix. */
static void write_stderr(enum log_level level, const char *id, const char *text)
{
	g_autofree char *head = line_head(level);
	g_autofree char *line = g_strconcat(head, id, *id ? ": " : "", text, "\n", NULL);
	ssize_t written = write(STDERR_FILENO, line, strlen(line));

	(void)written; /* a log that cannot be written has nowhere to say so */
}

/* Events hold what servers and clients say, and libpq breaks its messages: neither gets a line of
 * its own, nor a word with the terminal of who reads the log. */
void log_event(enum log_level level, const char *id, const char *format, ...)
{
	va_list args;

	if ((gint)level > g_atomic_int_get(&log_threshold))
		return;
	va_start(args, format);
	g_autofree char *event = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *text = printable_text_clean(event, true, PRINTABLE_TEXT_ONE_LINE);

	switch (log_destination) {
	case LOG_TARGET_STDERR:
		if (!write_journal(level, id, text))
			write_stderr(level, id, text);
		break;
	case LOG_TARGET_SYSLOG:
		syslog(levels[level].syslog_priority, "%s%s%s", id, *id ? ": " : "", text);
		break;
	}
}

/* Control characters of C0 and C1, and what is no UTF-8, as their bytes. */
static void quote_bytes(GString *quoted, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		g_string_append_printf(quoted, "\\x%02x", (unsigned char)bytes[i]);
}

char *log_quote(const char *text)
{
	GString *quoted = g_string_new("\"");
	const char *p = text;

	while (*p != '\0' && p - text < QUOTE_BYTES_MAX) {
		gunichar c = g_utf8_get_char_validated(p, -1);
		bool is_valid = c != (gunichar)-1 && c != (gunichar)-2;
		size_t len = is_valid ? (size_t)g_unichar_to_utf8(c, NULL) : 1;

		if (c == '"' || c == '\\')
			g_string_append_c(quoted, '\\');
		if (is_valid && !g_unichar_iscntrl(c))
			g_string_append_len(quoted, p, (gssize)len);
		else
			quote_bytes(quoted, p, len);
		p += len;
	}
	if (*p != '\0')
		g_string_append(quoted, "...");
	return g_string_free(g_string_append_c(quoted, '"'), FALSE);
}

bool log_target_parse(const char *name, enum log_target *target_out)
{
	for (size_t i = 0; i < G_N_ELEMENTS(targets); i++)
		if (strcmp(name, targets[i]) == 0) {
			*target_out = (enum log_target)i;
			return true;
		}
	return false;
}

bool log_level_parse(const char *name, enum log_level *level_out)
{
	for (size_t i = 0; i < G_N_ELEMENTS(levels); i++)
		if (strcmp(name, levels[i].name) == 0) {
			*level_out = (enum log_level)i;
			return true;
		}
	return false;
}
