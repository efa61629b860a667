/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Commands, and the mail. A mail ends with CRLF "." CRLF and with nothing else: a bare LF before a
 * dot may be a stranger's, who would then speak for the MTA.
 */
#include "fetch/lmtp_session.h"

#include <string.h>

#include "base/log.h"

/* Seconds; RFC 5321 section 4.5.3.2.7 and .6 */
enum { COMMAND_WAIT = 300, MAIL_WAIT = 600, REPLY_WAIT = 60 };
enum { LINE_BYTES_MAX = 4096, ADDRESS_BYTES_MAX = 320, FAULTS_MAX = 20 };

static const char too_long[] = "552 5.3.4 it is too long";

struct session {
	struct stream *stream;
	const struct lmtp_options *options;
	lmtp_debt *debt;
	bool has_greeted;
	char *sender; /* NULL: no mail is begun */
	GPtrArray *recipients;
	unsigned faults;
	bool is_over;
	bool is_stopping;
};

/* --- replies -------------------------------------------------------------------------------- */

static void send_reply(struct session *session, const char *reply)
{
	g_autofree char *line = g_strconcat(reply, "\r\n", NULL);

	stream_set_wait(session->stream, REPLY_WAIT);
	if (!stream_write(session->stream, line, strlen(line)))
		session->is_over = true;
}

/* A client that makes nothing but faults is no MTA. */
static void say_fault(struct session *session, const char *reply)
{
	session->faults++;
	if (session->faults > FAULTS_MAX) {
		send_reply(session, "421 4.7.0 too many faults");
		session->is_over = true;
	} else {
		send_reply(session, reply);
	}
}

static void owe_mail(struct session *session)
{
	g_atomic_int_set(session->debt, (gint)(g_get_monotonic_time() / G_USEC_PER_SEC));
}

static void forget_mail(struct session *session)
{
	g_clear_pointer(&session->sender, g_free);
	g_ptr_array_set_size(session->recipients, 0);
}

/* The next byte; -1: there is none in time, or the daemon stops. A client that is silent in the
 * middle of something must not keep it. */
static int read_client_byte(struct session *session, gint64 deadline)
{
	enum connection_event event =
	    stream_wait(session->stream, session->options->stop_fd, deadline);

	if (event == CONNECTION_WOKEN)
		session->is_stopping = true;
	return event == CONNECTION_READABLE ? stream_get(session->stream) : -1;
}

/* --- addresses ------------------------------------------------------------------------------ */

/* The address between "<" and ">", which a quoted local part may hold, too. NULL: there is none. */
static char *read_path(const char *text)
{
	bool is_quoted = false;

	text += strspn(text, " ");
	if (*text != '<')
		return NULL;
	for (const char *p = ++text; *p != '\0'; p++) {
		if (*p == '\\' && is_quoted && (guchar)p[1] >= ' ' && p[1] != 0x7f)
			p++;
		else if (*p == '"')
			is_quoted = !is_quoted;
		else if (*p == '>' && !is_quoted)
			return p - text < ADDRESS_BYTES_MAX ? g_strndup(text, (gsize)(p - text))
							    : NULL;
		else if ((guchar)*p <= ' ' || *p == 0x7f)
			return NULL;
	}
	return NULL;
}

static char *read_argument(const char *argument, const char *word)
{
	size_t len = strlen(word);
	char *path =
	    g_ascii_strncasecmp(argument, word, len) == 0 ? read_path(argument + len) : NULL;

	if (path && !g_utf8_validate(path, -1, NULL))
		g_clear_pointer(&path, g_free);
	return path;
}

/* --- commands ------------------------------------------------------------------------------- */

static void on_lhlo(struct session *session, const char *argument)
{
	(void)argument;
	forget_mail(session);
	session->has_greeted = true;
	g_autofree char *reply = g_strdup_printf("250-bounce-milter\r\n250-PIPELINING\r\n"
						 "250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE %d\r\n"
						 "250 ENHANCEDSTATUSCODES",
						 (int)LMTP_MAIL_BYTES_MAX);
	send_reply(session, reply);
}

/* RFC 1870; 0: it is not said. A path holds no space. */
static guint64 announced_size(const char *argument)
{
	static const char word[] = " SIZE=";

	for (const char *p = strchr(argument, ' '); p; p = strchr(p + 1, ' '))
		if (g_ascii_strncasecmp(p, word, strlen(word)) == 0)
			return g_ascii_strtoull(p + strlen(word), NULL, 10);
	return 0;
}

static void on_mail_from(struct session *session, const char *argument)
{
	g_autofree char *sender = read_argument(argument, "FROM:");

	if (!session->has_greeted || session->sender)
		say_fault(session, "503 5.5.1 LHLO first, and one mail at a time");
	else if (!sender)
		say_fault(session, "501 5.5.4 MAIL FROM:<address>");
	else if (announced_size(argument) > LMTP_MAIL_BYTES_MAX)
		send_reply(session, too_long);
	else {
		session->sender = g_steal_pointer(&sender);
		send_reply(session, "250 2.1.0 ok");
	}
}

static void on_rcpt(struct session *session, const char *argument)
{
	g_autofree char *recipient = read_argument(argument, "TO:");

	if (!session->sender)
		say_fault(session, "503 5.5.1 MAIL first");
	else if (!recipient || *recipient == '\0')
		say_fault(session, "501 5.5.4 RCPT TO:<address>");
	else if (session->recipients->len >= LMTP_RECIPIENTS_MAX)
		send_reply(session, "452 4.5.3 too many recipients");
	else {
		g_ptr_array_add(session->recipients, g_steal_pointer(&recipient));
		send_reply(session, "250 2.1.5 ok");
	}
}

/* --- the mail ------------------------------------------------------------------------------- */

enum place { AT_START, AFTER_DOT, AFTER_DOT_CR, IN_TEXT, AFTER_CR };

struct content {
	GByteArray *bytes;
	size_t size;
	enum place place;
};

static void add_content_byte(struct content *content, int byte)
{
	const guint8 value = (guint8)byte;

	content->size++;
	if (content->bytes->len < LMTP_MAIL_BYTES_MAX)
		g_byte_array_append(content->bytes, &value, 1);
	if (content->place == AFTER_CR && byte == '\n')
		content->place = AT_START;
	else
		content->place = byte == '\r' ? AFTER_CR : IN_TEXT;
}

/* False at the end of the mail. */
static bool take_byte(struct content *content, int byte)
{
	if (content->place == AFTER_DOT_CR && byte == '\n')
		return false;
	if (content->place == AT_START && byte == '.') {
		content->place = AFTER_DOT;
		return true;
	}
	if (content->place == AFTER_DOT && byte == '\r') {
		content->place = AFTER_DOT_CR;
		return true;
	}
	if (content->place == AFTER_DOT_CR)
		add_content_byte(content, '\r');
	add_content_byte(content, byte);
	return true;
}

static bool read_lmtp_content(struct session *session, struct content *content)
{
	const gint64 deadline = connection_deadline(MAIL_WAIT);
	int byte;

	while ((byte = read_client_byte(session, deadline)) >= 0)
		if (!take_byte(content, byte))
			return true;
	return false;
}

static const char *reply_to(enum mail_intake_outcome outcome)
{
	switch (outcome) {
	case MAIL_INTAKE_RECORDED:
		return "250 2.0.0 recorded";
	case MAIL_INTAKE_UNCLASSIFIED:
		return "250 2.0.0 recorded, and sent to the operator";
	case MAIL_INTAKE_HANDED_ON:
		return "250 2.0.0 sent to the operator";
	case MAIL_INTAKE_STAYS:
	case MAIL_INTAKE_UNSENT:
		return "451 4.3.0 recorded, but no person can read it now, try again later";
	case MAIL_INTAKE_REFUSED:
	case MAIL_INTAKE_AWAY:
		return "451 4.3.0 it could not be recorded, try again later";
	}
	g_assert_not_reached();
}

static const char *take_content(struct session *session, const struct content *received)
{
	const struct store_content content = {.bytes = (const char *)received->bytes->data,
					      .len = received->bytes->len,
					      .size = received->size};
	const struct mail_intake_mail mail = {.source = "lmtp",
					      .name = "lmtp",
					      .content = &content,
					      .sender = session->sender,
					      .recipients =
						  (const char *const *)session->recipients->pdata,
					      .own_mta = session->options->own_mta,
					      .may_send = true,
					      .is_last_try = true};
	g_autoptr(GError) error = NULL;
	enum mail_intake_outcome outcome =
	    mail_intake_take(session->options->mail_intake, &mail, &error);

	if (error)
		log_event(LOG_LEVEL_ERROR, mail.name, "not done: %s", error->message);
	return reply_to(outcome);
}

static void on_lmtp_data(struct session *session, const char *argument)
{
	struct content content = {.bytes = g_byte_array_sized_new(4096)};

	(void)argument;
	if (session->recipients->len == 0) {
		say_fault(session, "503 5.5.1 RCPT first");
	} else {
		send_reply(session, "354 go on, end with .");
		if (read_lmtp_content(session, &content)) {
			g_atomic_int_set(session->debt, 0);
			const char *reply = content.size > content.bytes->len
						? too_long
						: take_content(session, &content);
			owe_mail(session);

			/* RFC 2033 section 4.2: one for each recipient */
			for (guint i = 0; i < session->recipients->len; i++)
				send_reply(session, reply);
			forget_mail(session);
		} else {
			session->is_over = true;
		}
	}
	g_byte_array_unref(content.bytes);
}

static void on_rset(struct session *session, const char *argument)
{
	(void)argument;
	forget_mail(session);
	send_reply(session, "250 2.0.0 ok");
}

static void on_noop(struct session *session, const char *argument)
{
	(void)argument;
	send_reply(session, "250 2.0.0 ok");
}

static void on_vrfy(struct session *session, const char *argument)
{
	(void)argument;
	send_reply(session, "252 2.5.0 try to deliver");
}

static void on_quit(struct session *session, const char *argument)
{
	(void)argument;
	send_reply(session, "221 2.0.0 bye");
	session->is_over = true;
}

/* --- the session ------------------------------------------------------------------------------ */

/* NULL: the client is gone, too slow, or speaks another language; or the daemon stops. */
static char *read_command(struct session *session)
{
	g_autoptr(GString) line = g_string_new(NULL);
	const gint64 deadline = connection_deadline(COMMAND_WAIT);
	int byte;

	while ((byte = read_client_byte(session, deadline)) >= 0 && byte != '\n')
		if (line->len >= LINE_BYTES_MAX || byte == '\0')
			return NULL;
		else
			g_string_append_c(line, (char)byte);
	return byte < 0 ? NULL : g_strchomp(g_strdup(line->str));
}

static void run_command(struct session *session, const char *line)
{
	static const struct {
		const char *verb;
		void (*run)(struct session *session, const char *argument);
	} commands[] = {{"LHLO", on_lhlo},      {"MAIL", on_mail_from}, {"RCPT", on_rcpt},
			{"DATA", on_lmtp_data}, {"RSET", on_rset},      {"NOOP", on_noop},
			{"VRFY", on_vrfy},      {"QUIT", on_quit}};
	size_t len = strcspn(line, " ");

	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (len == strlen(commands[i].verb) &&
		    g_ascii_strncasecmp(line, commands[i].verb, len) == 0) {
			commands[i].run(session, line[len] == ' ' ? line + len + 1 : "");
			return;
		}
	/* RFC 2033 section 4.1: HELO and EHLO are not LMTP */
	say_fault(session, "500 5.5.1 this is LMTP: LHLO, MAIL, RCPT, DATA");
}

void lmtp_session_run(struct stream *stream, const struct lmtp_options *options, lmtp_debt *debt)
{
	struct session session = {.stream = stream, .options = options, .debt = debt};

	owe_mail(&session);
	session.recipients = g_ptr_array_new_null_terminated(4, g_free, TRUE);
	send_reply(&session, "220 bounce-milter LMTP");
	while (!session.is_over) {
		g_autofree char *line = read_command(&session);

		if (!line)
			break;
		run_command(&session, line);
	}
	if (session.is_stopping)
		send_reply(&session, g_atomic_int_get(debt) == LMTP_DISMISSED
					 ? "421 4.4.2 too slow, others wait"
					 : "421 4.3.2 stopping");
	forget_mail(&session);
	g_ptr_array_unref(session.recipients);
	stream_close(stream);
}

void lmtp_session_refuse(struct stream *stream)
{
	struct session session = {.stream = stream};

	send_reply(&session, "421 4.3.2 too many connections");
	stream_close(stream);
}
