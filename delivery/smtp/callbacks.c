/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Translates libESMTP's events and keeps the bytes received.
 */
#include "delivery/smtp/callbacks.h"

#include <stdarg.h>

#include "delivery/smtp/replies.h"
#include "delivery/smtp/tls.h"
#include "delivery/smtp/transfer.h"

enum { RECEIVED_BYTES_MAX = 8192 };

/* --- bytes ---------------------------------------------------------------------- */

static void show_tickets(struct session *session)
{
	if (session->hidden_fd >= 0)
		tls_tickets_show(session->hidden_fd);
	session->hidden_fd = -1;
}

static void declare_body(struct session *session)
{
	if (session->is_declared || !replies_offer_8bitmime(session->received->str))
		return;
	session->is_declared = true;
	for (size_t i = 0; i < session->transfer_count; i++)
		smtp_8bitmime_set_body(session->transfers[i].message, E8bitmime_8BITMIME);
}

static void on_written(struct session *session, const char *bytes, int len)
{
	show_tickets(session);
	session->is_greeted =
	    session->is_greeted || (len > 4 && g_ascii_strncasecmp(bytes, "MAIL", 4) == 0);
}

static void on_received(struct session *session, char *bytes, size_t len)
{
	GString *received = session->received;

	g_string_append_len(received, bytes, (gssize)len);
	if (!session->is_greeted) {
		replies_hide_pipelining(received->str, received->len, bytes, len);
		declare_body(session);
	}
	if (received->len > RECEIVED_BYTES_MAX)
		g_string_erase(received, 0, (gssize)(received->len - RECEIVED_BYTES_MAX));
	if (replies_accept_login(received->str))
		session->is_logged_in = true;
}

/* The bytes are libESMTP's own buffer, which it reads after this call. */
static void on_wire_bytes(const char *bytes, int len, int writing, void *data)
{
	if (writing == SMTP_CB_WRITING)
		on_written(data, bytes, len);
	else if (writing == SMTP_CB_READING && len > 0)
		on_received(data, (char *)bytes, (size_t)len);
}

/* --- events --------------------------------------------------------------------- */

static void set_tls_problem(struct session *session, char *text)
{
	g_free(session->tls_problem);
	session->tls_problem = text;
}

static void on_certificate(struct session *session, long why, int *is_accepted)
{
	*is_accepted = !session->client->is_verifying;
	if (!*is_accepted)
		set_tls_problem(session, g_strdup_printf("certificate: %s",
							 X509_verify_cert_error_string(why)));
}

static void on_message_event(int event, smtp_message_t message)
{
	struct transfer *transfer = smtp_message_get_application_data(message);
	const smtp_status_t *mail = smtp_reverse_path_status(message);

	if (!transfer || transfer->is_ended || session_lacks_login(transfer->session))
		return;
	if (event == SMTP_EV_MESSAGESENT || (mail->code >= 400 && mail->code <= 599))
		transfer_end(transfer);
}

/* The arguments of each event are those that libesmtp.h names. */
static void on_event(smtp_session_t esmtp, int event, void *data, ...)
{
	struct session *session = data;
	va_list args;

	(void)esmtp;
	va_start(args, data);
	switch (event) {
	case SMTP_EV_CONNECT:
		connect_timeout_end(&session->connecting);
		session->is_connected = true;
		break;
	case SMTP_EV_DISCONNECT: /* it may try the host's next address */
		connect_timeout_begin(&session->connecting, session->client->connect_wait);
		break;
	case SMTP_EV_STARTTLS_OK:
		session->hidden_fd = SSL_get_fd(va_arg(args, SSL *));
		tls_tickets_hide(session->hidden_fd);
		break;
	case SMTP_EV_MAILSTATUS:
		(void)va_arg(args, const char *);
		on_message_event(event, va_arg(args, smtp_message_t));
		break;
	case SMTP_EV_MESSAGESENT:
		on_message_event(event, va_arg(args, smtp_message_t));
		break;
	case SMTP_EV_EXTNA_STARTTLS:
		set_tls_problem(session, g_strdup("the server does not offer STARTTLS"));
		break;
	case SMTP_EV_INVALID_PEER_CERTIFICATE: {
		long why = va_arg(args, long);

		on_certificate(session, why, va_arg(args, int *));
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

void callbacks_install(smtp_session_t esmtp, struct session *session)
{
	smtp_set_eventcb(esmtp, on_event, session);
	smtp_set_monitorcb(esmtp, on_wire_bytes, session, 0);
}
