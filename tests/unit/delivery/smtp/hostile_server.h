/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A submission server that takes what it is given and, at one stage of the dialogue, does
 * what no server should. One connection, in a thread of its own; every line that the
 * client says is kept.
 */
#ifndef TESTS_HOSTILE_SERVER_H
#define TESTS_HOSTILE_SERVER_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>
#include <openssl/ssl.h>

enum stage {
	AT_NONE,
	AT_GREETING,
	AT_EHLO,
	AT_STARTTLS,
	AT_EHLO_TLS,
	AT_AUTH,
	AT_CREDENTIAL, /* what follows a 334 */
	AT_MAIL,
	AT_RCPT,
	AT_RCPT_2,
	AT_EVERY_RCPT,
	AT_RSET,
	AT_DATA,
	AT_END,
	AT_QUIT
};

enum manner {
	MANNER_PLAIN,
	MANNER_BYTEWISE, /* each byte of a reply is a segment of its own */
	MANNER_BATCHED   /* replies are held back until nothing more is heard */
};

enum trick {
	TRICK_NONE,
	TRICK_CLOSE,     /* closes the connection */
	TRICK_SILENCE,   /* listens, says nothing more */
	TRICK_DRIBBLE,   /* a line that never ends, a byte now and then */
	TRICK_FLOOD,     /* continuation lines for ever */
	TRICK_LONG_LINE, /* a line of 15,000 bytes */
	/* what TLS passes over, for ever and as fast as it can */
	TRICK_TICKETS, /* RFC 8446 section 4.6.1 */
	TRICK_KEYS,    /* RFC 8446 section 4.6.3 */
	TRICK_HELLOS   /* HelloRequest (RFC 5246 section 7.4.1.1), behind a reply */
};

struct hostile_server {
	enum stage stage;
	GBytes *reply;    /* what it says there; NULL: nothing */
	enum trick trick; /* instead of a reply */
	enum stage stage_2;
	const char *reply_2; /* and this at another stage */
	const char *offer;
	enum manner manner;
	bool is_tls_at_once;
	SSL_CTX *tls_context;

	int listener, fd;
	guint16 port;
	SSL *tls;
	char input[4096];
	size_t input_len;
	GString *held, *said; /* said: the client's lines, each ended by LF */
	int mails, recipients;
	gboolean is_over;
	GThread *thread;
};

static void server_write(struct hostile_server *server, const char *bytes, size_t len)
{
	while (len > 0 && !server->is_over) {
		size_t part = server->manner == MANNER_BYTEWISE ? 1 : len;
		ssize_t n = server->tls ? SSL_write(server->tls, bytes, (int)part)
					: send(server->fd, bytes, part, MSG_NOSIGNAL);

		server->is_over = n <= 0;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

static gboolean server_read(struct hostile_server *server)
{
	if (server->manner == MANNER_BATCHED && server->held->len > 0) {
		g_usleep(30000); /* the rest of the client's group */
		server_write(server, server->held->str, server->held->len);
		g_string_truncate(server->held, 0);
	}
	char *end = server->input + server->input_len;
	size_t room = sizeof server->input - server->input_len;
	ssize_t n =
	    server->tls ? SSL_read(server->tls, end, (int)room) : recv(server->fd, end, room, 0);

	server->is_over = server->is_over || n <= 0;
	server->input_len += n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* The client's next line, without its end; NULL: there is none. */
static char *server_hear(struct hostile_server *server)
{
	char *end;

	while (!(end = memchr(server->input, '\n', server->input_len)))
		if (server->is_over || !server_read(server))
			return NULL;
	size_t len = (size_t)(end + 1 - server->input);
	char *line = g_strchomp(g_strndup(server->input, len));
	server->input_len -= len;
	memmove(server->input, end + 1, server->input_len);
	g_string_append_printf(server->said, "%s\n", line);
	return line;
}

static void server_repeat(struct hostile_server *server, const char *text, gulong pause)
{
	while (!server->is_over) {
		server_write(server, text, strlen(text));
		g_usleep(pause);
	}
}

/* Whole records, whatever manner the server has. */
static void server_send(struct hostile_server *server, const char *bytes, size_t len)
{
	while (len > 0 && !server->is_over) {
		ssize_t n = send(server->fd, bytes, len, MSG_NOSIGNAL);

		server->is_over = n <= 0;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

/* They are made by the thousand before they are sent, so that the client never has to wait. */
static void server_babble(struct hostile_server *server)
{
	BIO *socket_bio = SSL_get_wbio(server->tls);
	BIO *memory = BIO_new(BIO_s_mem());
	char *bytes;

	BIO_up_ref(socket_bio);
	SSL_set0_wbio(server->tls, memory);
	while (!server->is_over) {
		for (int i = 0; i < 2000 && !server->is_over; i++)
			server->is_over =
			    (server->trick == TRICK_TICKETS
				 ? SSL_new_session_ticket(server->tls)
				 : SSL_key_update(server->tls, SSL_KEY_UPDATE_NOT_REQUESTED)) !=
				1 ||
			    SSL_do_handshake(server->tls) != 1;
		long len = BIO_get_mem_data(memory, &bytes);
		server_send(server, bytes, (size_t)len);
		(void)BIO_reset(memory);
	}
	SSL_set0_wbio(server->tls, socket_bio);
}

/* In the clear, instead of an answer to the client's hello. */
static void server_say_hellos(struct hostile_server *server)
{
	static const char head[] = {22, 3, 3, 0x40, 0}; /* of a record of 16 KiB */
	char record[sizeof head + 0x4000] = {0};

	memcpy(record, head, sizeof head);
	server->is_over = server->is_over || recv(server->fd, server->input, 1, 0) != 1;
	while (!server->is_over)
		server_send(server, record, sizeof record);
}

static void server_misbehave(struct hostile_server *server)
{
	gsize len;
	const char *reply = g_bytes_get_data(server->reply, &len);

	switch (server->trick) {
	case TRICK_CLOSE:
		server->is_over = TRUE;
		break;
	case TRICK_SILENCE:
		while (!server->is_over)
			g_free(server_hear(server));
		break;
	case TRICK_DRIBBLE:
		server_write(server, "250-", 4);
		server_repeat(server, "x", 50000);
		break;
	case TRICK_FLOOD:
		server_repeat(server, "250-mx\r\n", 0);
		break;
	case TRICK_LONG_LINE:
		server_write(server, "250 ", 4);
		for (int i = 0; i < 3000; i++)
			server_write(server, "long ", 5);
		server_write(server, "\r\n", 2);
		break;
	case TRICK_TICKETS:
	case TRICK_KEYS:
		server_babble(server);
		break;
	case TRICK_HELLOS:
		server_write(server, reply, len);
		server_say_hellos(server);
		break;
	case TRICK_NONE:
	default:
		server_write(server, reply, len);
		break;
	}
}

static gboolean is_at(const struct hostile_server *server, enum stage wanted, enum stage stage)
{
	gboolean is_rcpt = stage == AT_RCPT || stage == AT_RCPT_2;
	gboolean is_later = server->mails > 1 && stage >= AT_MAIL && stage <= AT_END;

	return !is_later && stage != AT_NONE &&
	       (wanted == stage || (is_rcpt && wanted == AT_EVERY_RCPT));
}

/* Whether what it says instead begins with that. */
static gboolean says(const struct hostile_server *server, const char *code)
{
	gsize len;
	const char *reply = g_bytes_get_data(server->reply, &len);

	return len >= strlen(code) && memcmp(reply, code, strlen(code)) == 0;
}

/* Says the reply, or what it is to say of the first mail and of the rest. */
static void server_say(struct hostile_server *server, enum stage stage, const char *reply)
{
	if (is_at(server, server->stage, stage))
		server_misbehave(server);
	else if (server->manner == MANNER_BATCHED)
		g_string_append(server->held, reply);
	else if (is_at(server, server->stage_2, stage))
		server_write(server, server->reply_2, strlen(server->reply_2));
	else
		server_write(server, reply, strlen(reply));
}

static void server_greet(struct hostile_server *server)
{
	g_auto(GStrv) words = g_strsplit(server->offer, ",", -1);
	g_autoptr(GString) reply = g_string_new("250-mx.test\r\n");

	for (char **word = words; *word; word++)
		g_string_append_printf(reply, "250%c%s\r\n", word[1] ? '-' : ' ', *word);
	server_say(server, server->tls ? AT_EHLO_TLS : AT_EHLO, reply->str);
}

static void server_shake_hands(struct hostile_server *server)
{
	server->is_over = server->is_over || !server->tls_context;
	if (server->is_over)
		return;
	server->tls = SSL_new(server->tls_context);
	SSL_set_fd(server->tls, server->fd);
	server->is_over = SSL_accept(server->tls) != 1;
	server->input_len = 0;
}

static void server_start_tls(struct hostile_server *server)
{
	server_say(server, AT_STARTTLS, "220 go\r\n");
	if (is_at(server, server->stage, AT_STARTTLS) && !says(server, "220"))
		return;
	server_shake_hands(server);
}

static void server_log_in(struct hostile_server *server, const char *line)
{
	bool has_initial = strchr(strchr(line, ' ') + 1, ' ');
	const char *next = g_str_has_prefix(line, "AUTH LOGIN") ? "334 UGFzcw==\r\n" : NULL;

	if (has_initial) {
		server_say(server, AT_AUTH, "235 2.7.0 welcome\r\n");
		return;
	}
	server_say(server, AT_AUTH, "334 VXNlcg==\r\n");
	g_free(server_hear(server));
	if (next) {
		server_say(server, AT_NONE, next);
		g_free(server_hear(server));
	}
	server_say(server, AT_CREDENTIAL, "235 2.7.0 welcome\r\n");
}

static void server_take(struct hostile_server *server)
{
	server_say(server, AT_DATA, "354 go on\r\n");
	if (is_at(server, server->stage, AT_DATA) && !says(server, "354"))
		return;
	for (;;) {
		g_autofree char *line = server_hear(server);

		if (!line || strcmp(line, ".") == 0)
			break;
	}
	if (!server->is_over)
		server_say(server, AT_END, "250 2.0.0 taken\r\n");
}

static void server_answer(struct hostile_server *server, const char *line)
{
	if (g_str_has_prefix(line, "EHLO"))
		server_greet(server);
	else if (g_str_has_prefix(line, "HELO"))
		server_write(server, "250 mx.test\r\n", 13);
	else if (g_str_has_prefix(line, "STARTTLS"))
		server_start_tls(server);
	else if (g_str_has_prefix(line, "AUTH"))
		server_log_in(server, line);
	else if (g_str_has_prefix(line, "MAIL")) {
		server->recipients = 0;
		server->mails++;
		server_say(server, AT_MAIL, "250 2.1.0 ok\r\n");
	} else if (g_str_has_prefix(line, "RCPT"))
		server_say(server, server->recipients++ == 0 ? AT_RCPT : AT_RCPT_2,
			   "250 2.1.5 ok\r\n");
	else if (g_str_has_prefix(line, "DATA"))
		server_take(server);
	else if (g_str_has_prefix(line, "RSET"))
		server_say(server, AT_RSET, "250 2.0.0 ok\r\n");
	else if (g_str_has_prefix(line, "QUIT")) {
		server_say(server, AT_QUIT, "221 2.0.0 bye\r\n");
		server->is_over = TRUE;
	} else
		server_say(server, AT_NONE, "502 5.5.1 what?\r\n");
}

static void *server_main(void *data)
{
	struct hostile_server *server = data;
	int on = 1;

	server->fd = accept(server->listener, NULL, NULL);
	setsockopt(server->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (server->is_tls_at_once)
		server_shake_hands(server);
	server_say(server, AT_GREETING, "220 mx.test ESMTP\r\n");
	while (!server->is_over) {
		g_autofree char *line = server_hear(server);

		if (line)
			server_answer(server, line);
	}
	if (server->held->len > 0 && server->fd >= 0)
		(void)!write(server->fd, server->held->str, server->tls ? 0 : server->held->len);
	SSL_free(server->tls);
	close(server->fd);
	return NULL;
}

static void hostile_server_start(struct hostile_server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof address;

	server->held = g_string_new(NULL);
	server->said = g_string_new(NULL);
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	g_assert_cmpint(bind(server->listener, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint(listen(server->listener, 1), ==, 0);
	g_assert_cmpint(getsockname(server->listener, (struct sockaddr *)&address, &len), ==, 0);
	server->port = ntohs(address.sin_port);
	server->thread = g_thread_new("server", server_main, server);
}

/* Once the client has ended; who never came is not waited for. What it said is in said. */
static void hostile_server_join(struct hostile_server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	g_thread_join(server->thread);
	close(server->listener);
	g_string_free(server->held, TRUE);
}

#endif
