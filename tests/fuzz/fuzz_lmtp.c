/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: any bytes as what an LMTP client says. The session ends, every line that it says is a
 * reply, and what it hands over is a mail within its bounds, to somebody.
 */
#include <string.h>
#include <sys/eventfd.h>

#include "fetch/lmtp_session.h"
#include "tests/fuzz/said_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_address(const char *address)
{
	if (!g_utf8_validate(address, -1, NULL))
		abort();
	for (; *address != '\0'; address++)
		if ((guchar)*address < ' ' || *address == 0x7f)
			abort();
}

/* In place of the database. */
enum mail_intake_outcome mail_intake_take(struct mail_intake *mail_intake,
					  const struct mail_intake_mail *mail, GError **error)
{
	size_t count = g_strv_length((char **)mail->recipients);

	(void)mail_intake;
	(void)error;
	if (count == 0 || count > LMTP_RECIPIENTS_MAX || !mail->sender || mail->own_mta ||
	    mail->content->len != mail->content->size || mail->content->len > LMTP_MAIL_BYTES_MAX)
		abort();
	check_address(mail->sender);
	for (size_t i = 0; i < count; i++)
		check_address(mail->recipients[i]);
	return mail->content->len % 2 == 0 ? MAIL_INTAKE_RECORDED : MAIL_INTAKE_AWAY;
}

/* The client's end: hears all that is said. */
static void *hear(void *data)
{
	struct stream *stream = stream_adopt(GPOINTER_TO_INT(data));
	char line[256];
	size_t len = 0;
	int byte;

	stream_set_wait(stream, 60);
	while ((byte = stream_get(stream)) >= 0) {
		if (len < sizeof line)
			line[len++] = (char)byte;
		if (byte != '\n')
			continue;
		if (len < 6 || !strchr("2345", line[0]) || !g_ascii_isdigit(line[2]) ||
		    !strchr(" -", line[3]) || line[len - 2] != '\r')
			abort();
		len = 0;
	}
	stream_close(stream);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct lmtp_options options = {.stop_fd = eventfd(0, EFD_CLOEXEC)};
	int other;

	if (len > SAID_BYTES_MAX)
		return 0;
	struct stream *stream = said_stream(bytes, len, &other);
	GThread *client = g_thread_new("client", hear, GINT_TO_POINTER(other));
	lmtp_session_run(stream, &options, &(lmtp_debt){0});
	g_thread_join(client);
	close(options.stop_fd);
	return 0;
}
