/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rewrites the header and pipes the mail to sendmail(1).
 */
#include "intake/forward.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "intake/x_bounce_fields.h"

enum { CHUNK_MAX = 1024 * 1024 }; /* bytes of a mail that are held at a time */

static bool write_bytes(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* Where the removal of fields stands, between two chunks of a header. */
struct header_filter {
	struct x_bounce_filter lines;
	enum x_bounce_line kind; /* of the line at hand */
	bool is_mid_line;        /* which is longer than a chunk, and goes on */
	bool is_over;            /* the body begins */
};

static void begin_line(struct header_filter *filter, GString *header, const char *line, size_t len)
{
	if (filter->is_mid_line)
		return;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	filter->kind = x_bounce_filter_line(&filter->lines, line, len);
	filter->is_over =
	    filter->kind == X_BOUNCE_LINE_EMPTY || filter->kind == X_BOUNCE_LINE_NO_FIELD;
	if (filter->kind == X_BOUNCE_LINE_NO_FIELD)
		g_string_append_c(header, '\n');
}

/* Some read a bare CR as the end of a line: what follows it would be a field of its own. */
static void append_header_line(GString *header, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool is_bare = line[i] == '\r' && i + 1 < len && line[i + 1] != '\n';

		g_string_append_c(header, is_bare ? ' ' : line[i]);
	}
}

/* Appends the header without the fields that only we may write; returns how many bytes of
 * the mail it takes: whole lines, unless a single one fills the chunk. */
static size_t append_header(struct header_filter *filter, GString *header, const char *bytes,
			    size_t len)
{
	const char *end = bytes + len;
	const char *line = bytes;

	while (line < end) {
		const char *line_end = memchr(line, '\n', (size_t)(end - line));
		const char *next = line_end ? line_end + 1 : end;

		if (!line_end && line > bytes && len == CHUNK_MAX)
			break;
		begin_line(filter, header, line, (size_t)((line_end ? line_end : end) - line));
		if (filter->is_over)
			break;
		filter->is_mid_line = !line_end;
		if (filter->kind == X_BOUNCE_LINE_KEPT)
			append_header_line(header, line, (size_t)(next - line));
		line = next;
	}
	return (size_t)(line - bytes);
}

/* Moves rest behind the header. */
static bool write_forwarded_header(int fd, struct mail_file *rest)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GString) header = g_string_new(NULL);
	struct header_filter filter = {0};

	while (!filter.is_over && rest->start < rest->end) {
		g_string_truncate(header, 0);
		if (!mail_file_read(rest, CHUNK_MAX, bytes))
			return false;
		if (bytes->len == 0)
			break; /* shorter than it was */
		rest->start +=
		    (off_t)append_header(&filter, header, (const char *)bytes->data, bytes->len);
		if (!write_bytes(fd, header->str, header->len))
			return false;
	}
	return true;
}

static bool write_mail(int fd, const struct forward *forward, const struct mail_file *place)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GString) header = g_string_new(NULL);
	struct mail_file rest = *place;

	x_bounce_fields_append(header, &forward->fields, "\n");
	if (!write_bytes(fd, header->str, header->len) || !write_forwarded_header(fd, &rest))
		return false;
	while (rest.start < rest.end) {
		if (!mail_file_read(&rest, CHUNK_MAX, bytes) ||
		    !write_bytes(fd, (const char *)bytes->data, bytes->len))
			return false;
		if (bytes->len == 0)
			break;
		rest.start += bytes->len;
	}
	return true;
}

static bool wait_for(GPid child, const char *program, GError **error)
{
	int status;
	pid_t ended;

	do
		ended = waitpid(child, &status, 0);
	while (ended < 0 && errno == EINTR);
	if (ended == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "%s did not take the mail (status %d)",
		    program, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return false;
}

static bool spawn(const struct forward *forward, GPid *child_out, int *fd_out, GError **error)
{
	/* after "--" an address is never taken for an option */
	const char *const argv[] = {forward->program, "-i", "-f", "<>", "--", forward->to, NULL};
	g_autoptr(GError) cause = NULL;

	if (g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
				     G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, NULL, NULL,
				     child_out, fd_out, NULL, NULL, &cause))
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "cannot run %s: %s", forward->program,
		    cause->message);
	return false;
}

bool forward_mail(const struct forward *forward, const struct mail_file *place, GError **error)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before;
	GPid child;
	int fd;

	if (!spawn(forward, &child, &fd, error))
		return false;
	sigaction(SIGPIPE, &ignore, &before);
	bool written = write_mail(fd, forward, place);
	int write_errno = errno;
	if (!written)
		kill(child, SIGTERM); /* half a mail must not go out */
	close(fd);
	sigaction(SIGPIPE, &before, NULL);
	if (wait_for(child, forward->program, error) && written)
		return true;
	if (error && !*error)
		g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "%s: %s", forward->program,
			    write_errno == EPIPE ? "it ended before it had read the whole mail"
						 : g_strerror(write_errno));
	return false;
}
