/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Finding mails in files.
 *
 *   mbox    = *( from-line mail blank )
 *   from-line = "From " address date LF        behind a blank line, or at the start
 */
#include "intake/mailbox.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "classifier/text/address.h"

static const char from_word[] = "From ";

enum { FROM_LEN = sizeof from_word - 1, FROM_LINE_MAX = 1000, RECIPIENTS_MAX = 100 };

/* Reads at a place, over interruptions; bytes read, or -1 with errno. */
static ssize_t read_at(int fd, void *bytes, size_t len, off_t at)
{
	ssize_t n;

	do
		n = pread(fd, bytes, len, at);
	while (n < 0 && errno == EINTR);
	return n;
}

bool mail_place_is_mbox(int fd)
{
	char head[FROM_LEN];

	return read_at(fd, head, sizeof head, 0) == FROM_LEN &&
	       memcmp(head, from_word, FROM_LEN) == 0;
}

bool mail_place_whole(int fd, struct mail_place *place_out)
{
	char head[FROM_LINE_MAX];
	struct stat status;

	if (fstat(fd, &status) != 0)
		return false;
	*place_out = (struct mail_place){.fd = fd, .end = status.st_size};
	ssize_t len = read_at(fd, head, sizeof head, 0);
	if (len < 0)
		return false;
	const char *line_end = memchr(head, '\n', (size_t)len);
	if (len >= FROM_LEN && memcmp(head, from_word, FROM_LEN) == 0 && line_end != NULL)
		place_out->start = line_end - head + 1;
	return true;
}

/* One line of any length: its first bytes, its end, whether it is blank. */
struct line {
	char head[FROM_LEN];
	size_t len; /* without the line end */
	bool is_blank;
	off_t start;
};

static bool read_line(FILE *file, struct line *line_out)
{
	int c;

	*line_out = (struct line){.is_blank = true, .start = ftello(file)};
	while ((c = getc_unlocked(file)) != EOF && c != '\n') {
		if (line_out->len < FROM_LEN)
			line_out->head[line_out->len] = (char)c;
		line_out->is_blank = line_out->is_blank && c == '\r';
		line_out->len++;
	}
	return c != EOF || line_out->len > 0;
}

static bool is_from_line(const struct line *line)
{
	return line->len >= FROM_LEN && memcmp(line->head, from_word, FROM_LEN) == 0;
}

bool mbox_next(FILE *file, struct mail_place *place_out)
{
	struct line line;
	bool is_behind_blank = false;

	do
		if (!read_line(file, &line))
			return false;
	while (line.is_blank);
	place_out->fd = fileno(file);
	place_out->start = is_from_line(&line) ? ftello(file) : line.start;
	place_out->end = ftello(file);
	while (read_line(file, &line)) {
		if (is_behind_blank && is_from_line(&line)) {
			fseeko(file, line.start, SEEK_SET);
			return true;
		}
		is_behind_blank = line.is_blank;
		/* a blank line belongs to the mail only when something follows it */
		place_out->end = line.is_blank ? place_out->end : ftello(file);
	}
	return true;
}

bool mail_place_read(const struct mail_place *place, size_t max, GByteArray *bytes)
{
	size_t wanted = MIN(max, (size_t)(place->end - place->start));

	g_byte_array_set_size(bytes, 0);
	while (bytes->len < wanted) {
		guint8 chunk[65536];
		ssize_t n = read_at(place->fd, chunk, MIN(sizeof chunk, wanted - bytes->len),
				    place->start + (off_t)bytes->len);

		if (n < 0)
			return false;
		if (n == 0)
			break; /* shorter than it was */
		g_byte_array_append(bytes, chunk, (guint)n);
	}
	return true;
}

/* --- the envelope ------------------------------------------------------------------ */

static void add_recipient(GPtrArray *recipients, struct slice address)
{
	g_autofree char *text = g_strndup(address.data, address.len);

	for (guint i = 0; i < recipients->len; i++)
		if (g_ascii_strcasecmp(recipients->pdata[i], text) == 0)
			return;
	if (address.len > 0 && recipients->len < RECIPIENTS_MAX)
		g_ptr_array_add(recipients, g_steal_pointer(&text));
}

/* The header's value if the line is of that field. */
static bool is_field(const char *line, size_t len, const char *name, struct slice *address_out)
{
	size_t name_len = strlen(name);

	if (len <= name_len || g_ascii_strncasecmp(line, name, name_len) != 0 ||
	    line[name_len] != ':')
		return false;
	*address_out = address_bare(line + name_len + 1, len - name_len - 1);
	return true;
}

static void read_trace_line(const char *line, size_t len, struct mail_trace *trace)
{
	static const char *const names[] = {"Delivered-To", "X-Original-To", "Envelope-To"};
	struct slice address;

	if (*trace->sender == '\0' && is_field(line, len, "Return-Path", &address)) {
		g_free(trace->sender);
		trace->sender = g_strndup(address.data, address.len);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (is_field(line, len, names[i], &address))
			add_recipient(trace->recipients, address);
}

void mail_trace_read(const char *bytes, size_t len, struct mail_trace *trace_out)
{
	const char *end = bytes + len;

	trace_out->sender = g_strdup("");
	trace_out->recipients = g_ptr_array_new_null_terminated(4, g_free, TRUE);
	for (const char *line = bytes; line < end;) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		size_t line_len = (size_t)((next == NULL ? end : next) - line);

		if (line_len > 0 && line[line_len - 1] == '\r')
			line_len--;
		if (line_len == 0 || next == NULL)
			break;
		read_trace_line(line, line_len, trace_out);
		line = next + 1;
	}
}

void mail_trace_clear(struct mail_trace *trace)
{
	g_clear_pointer(&trace->sender, g_free);
	g_clear_pointer(&trace->recipients, g_ptr_array_unref);
}
