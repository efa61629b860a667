/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libESMTP walks through the session's messages by itself and calls back. What
 * must be known of it:
 *
 * - after a reply that it cannot read it says QUIT and forgets what it had pipelined:
 *   the next reply but one makes it call what is no function. So PIPELINING (RFC
 *   2920) is hidden from it, where the server offers it;
 * - setting errno in the content callback drops the connection without the final
 *   dot, which is the only way to stop;
 * - a reply that breaks RFC 2034 (a second line without the enhanced code, which
 *   is common) ends its session with the code set and no text: then the text is
 *   taken from the bytes as heard;
 * - a login that is refused does not stop it from going on with MAIL;
 * - with TLS 1.3 it takes the server's session tickets for the reply to EHLO: they
 *   are hidden from it until EHLO is written;
 * - it will not speak to a server without 8BITMIME (RFC 6152) once a message has
 *   been declared to be such: that waits until the reply to EHLO is heard. Without
 *   it mails go out undeclared: composed ones are ASCII, a raw one is its writer's;
 * - it connects without a bound, and takes an interruption for a failure;
 * - its own check of a certificate goes by the canonical name of DNS; OpenSSL is
 *   told to check the configured name instead.
 */
#include "delivery/smtp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <auth-client.h>
#include <openssl/ssl.h>

#include <libesmtp.h> /* after OpenSSL: declares smtp_starttls_set_ctx only then */

#include "base/error.h"
#include "classifier/text/address_spelling.h"
#include "delivery/patience.h"
#include "delivery/tls.h"

enum { HEARD_BYTES_MAX = 8192, WRITE_BYTES = 1 << 20 };

struct smtp_client {
	char *server;
	char *hostname;
	char *username;
	char *password;
	enum starttls_option starttls;
	bool is_verifying;
	unsigned connect_wait;         /* seconds */
	long waits[Timeout_DATA2 + 1]; /* milliseconds, by enum rfc2822_timeouts */
	SSL_CTX *tls;
};

/* One connection. */
struct exchange {
	const struct smtp_client *client;
	const struct smtp_handler *handler;
	GString *heard; /* the server's last words */
	struct letter *letters;
	size_t letter_count;
	bool is_greeted;  /* the reply to EHLO is over: MAIL was written */
	bool is_declared; /* the letters are 8BITMIME */
	struct patience connecting;
	bool is_connected;
	int hidden_fd; /* whose tickets are hidden; -1: none */
	bool is_logged_in;
	bool was_any_ended;
	char *tls_fault;
};

/* One message of it. */
struct letter {
	struct exchange *exchange;
	size_t index;
	size_t recipient_count;
	smtp_message_t message;
	smtp_recipient_t *recipients;
	GBytes *content;
	gsize offset;
	bool is_begun;
	bool is_complete;
	bool is_ended;
};

/* --- the client -------------------------------------------------------------- */

static bool read_password(struct smtp_client *client, const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) cause = NULL;

	if (!g_file_get_contents(path, &text, NULL, &cause)) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "password_file: %s", cause->message);
		return false;
	}
	text[strcspn(text, "\r\n")] = '\0';
	client->password = g_steal_pointer(&text);
	return true;
}

/* The host of HOST:PORT, for the certificate. */
static char *host_of(const char *server)
{
	const char *colon = strrchr(server, ':');

	return colon == NULL ? g_strdup(server) : g_strndup(server, (gsize)(colon - server));
}

static bool prepare_tls(struct smtp_client *client, const struct delivery_settings *settings,
			GError **error)
{
	g_autofree char *host = host_of(client->server);

	client->is_verifying = strcmp(settings->starttls, "verify") == 0;
	client->starttls = strcmp(settings->starttls, "off") == 0   ? Starttls_DISABLED
			   : strcmp(settings->starttls, "may") == 0 ? Starttls_ENABLED
								    : Starttls_REQUIRED;
	client->tls = tls_context_new(client->is_verifying, settings->tls_ca_file, host, error);
	return client->tls != NULL;
}

struct smtp_client *smtp_client_new(const struct delivery_settings *settings, GError **error)
{
	struct smtp_client *client = g_new0(struct smtp_client, 1);

	client->server = g_strdup(settings->server);
	client->hostname =
	    g_strdup(*settings->hostname == '\0' ? g_get_host_name() : settings->hostname);
	client->username = g_strdup(settings->username);
	client->connect_wait = (unsigned)settings->connect_wait;
	client->waits[Timeout_GREETING] = settings->greeting_wait * 1000;
	client->waits[Timeout_ENVELOPE] = settings->envelope_wait * 1000;
	client->waits[Timeout_DATA] = settings->data_wait * 1000;
	client->waits[Timeout_TRANSFER] = settings->transfer_wait * 1000;
	client->waits[Timeout_DATA2] = settings->reply_wait * 1000;
	if ((*client->username == '\0' || read_password(client, settings->password_file, error)) &&
	    prepare_tls(client, settings, error))
		return client;
	smtp_client_free(client);
	return NULL;
}

void smtp_client_free(struct smtp_client *client)
{
	if (client == NULL)
		return;
	g_free(client->server);
	g_free(client->hostname);
	g_free(client->username);
	if (client->password != NULL)
		explicit_bzero(client->password, strlen(client->password));
	g_free(client->password);
	SSL_CTX_free(client->tls);
	g_free(client);
}

/* --- replies ------------------------------------------------------------------ */

/* Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF.
 * 0: not the line of a refusal, or of a reply with that code if it is not 0. */
static int refusal_code(const char *line, int code)
{
	bool is_reply = strspn(line, "0123456789") == 3 &&
			(line[3] == '\0' || line[3] == ' ' || line[3] == '-');
	int number = is_reply ? (int)g_ascii_strtoll(line, NULL, 10) : 0;

	return number >= 400 && number <= 599 && (code == 0 || number == code) ? number : 0;
}

/* The text of the last refusal heard, its lines joined by blanks; code 0: of any,
 * and then with the code in front. "" if there was none. */
static char *last_refusal(const struct exchange *exchange, int code)
{
	g_auto(GStrv) lines = g_strsplit(exchange->heard->str, "\n", -1);
	GString *text = g_string_new(NULL);
	int found = 0;

	for (guint i = g_strv_length(lines); i-- > 0;) {
		const char *line = g_strchomp(lines[i]);
		int number = refusal_code(line, found != 0 ? found : code);

		if (found != 0 && (number == 0 || line[3] != '-'))
			break; /* the reply before it */
		if (number == 0)
			continue;
		found = number;
		if (line[3] == '-')
			g_string_prepend_c(text, ' ');
		g_string_prepend(text, line[3] == '\0' ? "" : line + 4);
	}
	if (found != 0 && code == 0) {
		g_autofree char *front = g_strdup_printf("%d ", found);

		g_string_prepend(text, front);
	}
	return g_string_free(text, FALSE);
}

/* may_search: the words may be looked for in what was heard last. */
static struct smtp_reply reply_of(const struct exchange *exchange, const smtp_status_t *status,
				  bool may_search)
{
	struct smtp_reply reply = {.code = status == NULL ? 0 : status->code};

	if (reply.code == 0) {
		reply.text = g_strdup("");
		return reply;
	}
	g_autofree char *text = status->text != NULL ? g_strdup(status->text)
				: may_search         ? last_refusal(exchange, reply.code)
						     : g_strdup("");
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	if (status->enh_class > 0)
		g_snprintf(reply.status, sizeof reply.status, "%d.%d.%d", status->enh_class % 10,
			   status->enh_subject % 1000, status->enh_detail % 1000);
	reply.text = g_steal_pointer(&valid);
	for (char *p = reply.text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	g_strstrip(reply.text);
	return reply;
}

/* A server that wants a login is not heard about mail before it. */
static bool is_login_missing(const struct exchange *exchange)
{
	return *exchange->client->username != '\0' && !exchange->is_logged_in;
}

static bool is_last_answered(const struct letter *letter, size_t i)
{
	return i + 1 == letter->recipient_count ||
	       smtp_recipient_status(letter->recipients[i + 1])->code == 0;
}

static void end_letter(struct letter *letter)
{
	struct exchange *exchange = letter->exchange;
	g_autofree struct smtp_reply *recipients =
	    g_new0(struct smtp_reply, letter->recipient_count);
	struct smtp_result result = {
	    .mail = reply_of(exchange, smtp_reverse_path_status(letter->message), true),
	    .data = reply_of(exchange, smtp_message_transfer_status(letter->message), true),
	    .recipients = recipients,
	    .is_begun = letter->is_begun,
	    .is_complete = letter->is_complete};

	for (size_t i = 0; i < letter->recipient_count; i++)
		recipients[i] = reply_of(exchange, smtp_recipient_status(letter->recipients[i]),
					 is_last_answered(letter, i));
	letter->is_ended = true;
	exchange->was_any_ended = true;
	exchange->handler->end(exchange->handler->context, letter->index, &result);
	for (size_t i = 0; i < letter->recipient_count; i++)
		g_free(recipients[i].text);
	g_free(result.mail.text);
	g_free(result.data.text);
	g_string_truncate(exchange->heard, 0); /* nobody's words are another's */
}

/* --- callbacks ------------------------------------------------------------------ */

static void begin_letter(struct letter *letter)
{
	const struct smtp_handler *handler = letter->exchange->handler;

	letter->offset = 0;
	if (letter->is_begun || is_login_missing(letter->exchange))
		return;
	letter->content = handler->begin(handler->context, letter->index);
	letter->is_begun = letter->content != NULL;
}

/* len NULL: from the beginning. */
static const char *give_content(void **ctx, int *len, void *arg)
{
	struct letter *letter = arg;
	gsize size;

	(void)ctx;
	if (len == NULL) {
		begin_letter(letter);
		return NULL;
	}
	*len = 0;
	if (letter->content == NULL) {
		errno = ECANCELED; /* drop the connection */
		return NULL;
	}
	const char *bytes = g_bytes_get_data(letter->content, &size);
	gsize part = MIN(size - letter->offset, WRITE_BYTES);
	const char *start = bytes + letter->offset;

	errno = 0;
	letter->offset += part;
	letter->is_complete = part == 0;
	*len = (int)part;
	return part == 0 ? NULL : start;
}

static void show_tickets(struct exchange *exchange)
{
	if (exchange->hidden_fd >= 0)
		tls_tickets_show(exchange->hidden_fd);
	exchange->hidden_fd = -1;
}

/* RFC 5321 section 4.1.1.1: ehlo-line of the reply to EHLO. */
static void declare_body(struct exchange *exchange)
{
	const char *heard = exchange->heard->str;

	if (exchange->is_declared ||
	    (strstr(heard, "250-8BITMIME") == NULL && strstr(heard, "250 8BITMIME") == NULL))
		return;
	exchange->is_declared = true;
	for (size_t i = 0; i < exchange->letter_count; i++)
		smtp_8bitmime_set_body(exchange->letters[i].message, E8bitmime_8BITMIME);
}

/* The keyword in an ehlo-line gets another last letter, where that is among the len
 * bytes of libESMTP's own buffer that were heard last. */
static void hide_pipelining(const struct exchange *exchange, char *bytes, size_t len)
{
	static const char keyword[] = "PIPELINING";
	const char *stop = exchange->heard->str + exchange->heard->len;
	const char *fresh = stop - len;

	for (const char *line = exchange->heard->str; line != NULL && line < stop;) {
		const char *word = line + strlen("250-");
		const char *last = word + strlen(keyword) - 1;

		if (strncmp(line, "250", 3) == 0 && last < stop && last >= fresh &&
		    g_ascii_strncasecmp(word, keyword, strlen(keyword)) == 0)
			bytes[last - fresh] = '-';
		line = memchr(line, '\n', (size_t)(stop - line));
		if (line != NULL)
			line++;
	}
}

static void hear(const char *bytes, int len, int writing, void *arg)
{
	struct exchange *exchange = arg;

	if (writing == SMTP_CB_WRITING) {
		show_tickets(exchange);
		exchange->is_greeted =
		    exchange->is_greeted || (len > 4 && g_ascii_strncasecmp(bytes, "MAIL", 4) == 0);
	}
	if (writing != SMTP_CB_READING || len <= 0)
		return;
	g_string_append_len(exchange->heard, bytes, len);
	if (!exchange->is_greeted) {
		hide_pipelining(exchange, (char *)bytes, (size_t)len);
		declare_body(exchange);
	}
	if (exchange->heard->len > HEARD_BYTES_MAX)
		g_string_erase(exchange->heard, 0,
			       (gssize)(exchange->heard->len - HEARD_BYTES_MAX));
	if (g_str_has_prefix(exchange->heard->str, "235") ||
	    strstr(exchange->heard->str, "\n235") != NULL)
		exchange->is_logged_in = true;
}

static void note_tls_fault(struct exchange *exchange, char *text)
{
	g_free(exchange->tls_fault);
	exchange->tls_fault = text;
}

static void on_message_event(int event, smtp_message_t message)
{
	struct letter *letter = smtp_message_get_application_data(message);
	const smtp_status_t *mail = smtp_reverse_path_status(message);

	if (letter == NULL || letter->is_ended || is_login_missing(letter->exchange))
		return;
	if (event == SMTP_EV_MESSAGESENT || (mail->code >= 400 && mail->code <= 599))
		end_letter(letter);
}

static void on_event(smtp_session_t session, int event, void *arg, ...)
{
	struct exchange *exchange = arg;
	va_list args;

	(void)session;
	va_start(args, arg);
	switch (event) {
	case SMTP_EV_CONNECT:
		patience_end(&exchange->connecting);
		exchange->is_connected = true;
		break;
	case SMTP_EV_DISCONNECT: /* it may try the host's next address */
		patience_begin(&exchange->connecting, exchange->client->connect_wait);
		break;
	case SMTP_EV_STARTTLS_OK:
		exchange->hidden_fd = SSL_get_fd(va_arg(args, SSL *));
		tls_tickets_hide(exchange->hidden_fd);
		break;
	case SMTP_EV_MAILSTATUS:
		(void)va_arg(args, const char *);
		on_message_event(event, va_arg(args, smtp_message_t));
		break;
	case SMTP_EV_MESSAGESENT:
		on_message_event(event, va_arg(args, smtp_message_t));
		break;
	case SMTP_EV_EXTNA_STARTTLS:
		note_tls_fault(exchange, g_strdup("the server does not offer STARTTLS"));
		break;
	case SMTP_EV_INVALID_PEER_CERTIFICATE: {
		long why = va_arg(args, long);
		int *ok = va_arg(args, int *);

		*ok = !exchange->client->is_verifying;
		if (!*ok)
			note_tls_fault(
			    exchange,
			    g_strdup_printf("certificate: %s", X509_verify_cert_error_string(why)));
		break;
	}
	case SMTP_EV_WRONG_PEER_CERTIFICATE:
	case SMTP_EV_NO_PEER_CERTIFICATE:
		*va_arg(args, int *) = 1; /* OpenSSL has checked what is to be checked */
		break;
	default:
		break;
	}
	va_end(args);
}

static int answer_login(auth_client_request_t request, char **result, int fields, void *arg)
{
	const struct smtp_client *client = arg;

	for (int i = 0; i < fields; i++)
		result[i] = request[i].flags & AUTH_USER   ? client->username
			    : request[i].flags & AUTH_PASS ? client->password
							   : NULL;
	return 1;
}

/* --- one connection ---------------------------------------------------------------- */

/* libESMTP 1.1.0 writes xtext (RFC 3461 section 4) into 256 bytes and looks at the
 * bound before it writes three of them. */
static bool fits_xtext(const char *text)
{
	size_t len = 0;

	for (; *text != '\0'; text++)
		len += *text > ' ' && *text < 0x7f && *text != '+' && *text != '=' ? 1 : 3;
	return len < 250;
}

static void add_letter(smtp_session_t session, struct letter *letter,
		       const struct smtp_transaction *transaction)
{
	letter->message = smtp_add_message(session);
	letter->recipient_count = transaction->recipient_count;
	letter->recipients = g_new0(smtp_recipient_t, transaction->recipient_count);
	smtp_message_set_application_data_release(letter->message, letter, NULL);
	g_autofree char *sender = address_for_wire(transaction->sender);

	smtp_set_reverse_path(letter->message, sender);
	smtp_set_messagecb(letter->message, give_content, letter);
	smtp_dsn_set_ret(letter->message, Ret_HDRS);
	smtp_dsn_set_envid(letter->message, transaction->envelope_id);
	smtp_size_set_estimate(letter->message, transaction->size_estimate);
	for (size_t i = 0; i < transaction->recipient_count; i++) {
		g_autofree char *recipient = address_for_wire(transaction->recipients[i]);

		letter->recipients[i] = smtp_add_recipient(letter->message, recipient);
		/* a notice with the null sender must not be answered by another */
		smtp_dsn_set_notify(letter->recipients[i], *transaction->sender == '\0'
							       ? Notify_NEVER
							       : Notify_FAILURE | Notify_DELAY);
		if (fits_xtext(recipient))
			smtp_dsn_set_orcpt(letter->recipients[i], "rfc822", recipient);
	}
}

static smtp_session_t open_session(const struct smtp_client *client, struct exchange *exchange)
{
	smtp_session_t session = smtp_create_session();

	if (session == NULL)
		g_error("out of memory");
	smtp_set_server(session, client->server);
	smtp_set_hostname(session, client->hostname);
	for (int i = 0; i <= Timeout_DATA2; i++)
		smtp_set_timeout(session, i | Timeout_OVERRIDE_RFC2822_MINIMUM, client->waits[i]);
	smtp_starttls_enable(session, client->starttls);
	smtp_starttls_set_ctx(session, client->tls);
	smtp_set_eventcb(session, on_event, exchange);
	smtp_set_monitorcb(session, hear, exchange, 0);
	return session;
}

/* What kept every transaction from being spoken of. */
static char *fault_of(const struct exchange *exchange, int error)
{
	char buffer[256];
	g_autofree char *reply = last_refusal(exchange, 0);
	g_autofree char *valid = g_utf8_make_valid(reply, -1);

	if (exchange->tls_fault != NULL)
		return g_strdup_printf("TLS: %s", exchange->tls_fault);
	if (is_login_missing(exchange) && strstr(exchange->heard->str, "250") != NULL)
		return g_strdup_printf(
		    "login as %s refused: %s", exchange->client->username,
		    *valid != '\0' ? valid
				   : "the server offers no way to log in that is known here");
	if (*valid != '\0')
		return g_strdup_printf("the server says: %s", valid);
	if (exchange->client->starttls != Starttls_DISABLED &&
	    strstr(exchange->heard->str, "STARTTLS") != NULL) {
		g_autofree char *handshake = tls_fault_take();

		return g_strdup_printf("TLS: %s",
				       handshake != NULL ? handshake : "the handshake was cut off");
	}
	const char *why = smtp_strerror(error, buffer, sizeof buffer);
	if (!exchange->is_connected && g_strcmp0(why, g_strerror(EINTR)) == 0)
		return g_strdup_printf("cannot reach it: no connection within %u seconds",
				       exchange->client->connect_wait);
	return g_strdup_printf("cannot reach it: %s", why);
}

char *smtp_client_run(const struct smtp_client *client, const struct smtp_transaction *transactions,
		      size_t count, const struct smtp_handler *handler)
{
	struct exchange exchange = {
	    .client = client, .handler = handler, .heard = g_string_new(NULL), .hidden_fd = -1};
	smtp_session_t session = open_session(client, &exchange);
	auth_context_t login = *client->username != '\0' ? auth_create_context() : NULL;
	g_autofree struct letter *letters = g_new0(struct letter, count);
	char *fault = NULL;

	if (login != NULL) {
		auth_set_mechanism_flags(login, AUTH_PLUGIN_PLAIN, 0);
		auth_set_interact_cb(login, answer_login, (void *)client);
		smtp_auth_set_context(session, login);
	}
	for (size_t i = 0; i < count; i++) {
		letters[i] = (struct letter){.exchange = &exchange, .index = i};
		add_letter(session, &letters[i], &transactions[i]);
	}
	exchange.letters = letters;
	exchange.letter_count = count;
	g_free(tls_fault_take()); /* of a connection before */
	patience_begin(&exchange.connecting, client->connect_wait);
	int error = smtp_start_session(session) ? 0 : smtp_errno();
	patience_end(&exchange.connecting);
	if (error == 0)
		error = smtp_errno();
	for (size_t i = 0; i < count; i++)
		if (!letters[i].is_ended && !is_login_missing(&exchange) &&
		    (letters[i].is_begun ||
		     smtp_reverse_path_status(letters[i].message)->code != 0))
			end_letter(&letters[i]);
	if (!exchange.was_any_ended)
		fault = fault_of(&exchange, error);
	smtp_destroy_session(session);
	if (login != NULL)
		auth_destroy_context(login);
	for (size_t i = 0; i < count; i++) {
		g_free(letters[i].recipients);
		g_clear_pointer(&letters[i].content, g_bytes_unref);
	}
	g_string_free(exchange.heard, TRUE);
	g_free(exchange.tls_fault);
	return fault;
}
