/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Finds mails in files.
 *
 *   mbox      = *( from-line mail blank )
 *   from-line = "From " address date LF        after a blank line, or at the start
 */
#include "intake/mail_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char from_word[] = "From ";

enum { FROM_LEN = sizeof from_word - 1, FROM_LINE_MAX = 1000 };

/* Reads at a place, over interruptions; bytes read, or -1 with errno. */
static ssize_t read_at(int fd, void *bytes, size_t len, off_t at)
{
	ssize_t n;

	do
		n = pread(fd, bytes, len, at);
	while (n < 0 && errno == EINTR);
	return n;
}

bool mail_file_is_mbox(int fd)
{
	char head[FROM_LEN];

	return read_at(fd, head, sizeof head, 0) == FROM_LEN &&
	       memcmp(head, from_word, FROM_LEN) == 0;
}

bool mail_file_whole(int fd, struct mail_file *place_out)
{
	char head[FROM_LINE_MAX];
	struct stat status;

	if (fstat(fd, &status) != 0)
		return false;
	*place_out = (struct mail_file){.fd = fd, .end = status.st_size};
	ssize_t len = read_at(fd, head, sizeof head, 0);
	if (len < 0)
		return false;
	const char *line_end = memchr(head, '\n', (size_t)len);
	if (len >= FROM_LEN && memcmp(head, from_word, FROM_LEN) == 0 && line_end)
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

static bool read_mailbox_line(FILE *file, struct line *line_out)
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

bool mail_file_next(FILE *file, struct mail_file *place_out)
{
	struct line line;
	bool is_after_blank = false;

	do
		if (!read_mailbox_line(file, &line))
			return false;
	while (line.is_blank);
	place_out->fd = fileno(file);
	place_out->start = is_from_line(&line) ? ftello(file) : line.start;
	place_out->end = ftello(file);
	while (read_mailbox_line(file, &line)) {
		if (is_after_blank && is_from_line(&line)) {
			fseeko(file, line.start, SEEK_SET);
			return true;
		}
		is_after_blank = line.is_blank;
		/* a blank line belongs to the mail only when something follows it */
		place_out->end = line.is_blank ? place_out->end : ftello(file);
	}
	return true;
}

bool mail_file_read(const struct mail_file *place, size_t max, GByteArray *bytes)
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
