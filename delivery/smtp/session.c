/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One connection, from opening it to what went wrong with it.
 */
#include "delivery/smtp/session.h"

#include <errno.h>
#include <string.h>

#include "delivery/smtp/callbacks.h"
#include "delivery/smtp/esmtp.h"
#include "delivery/smtp/replies.h"
#include "delivery/smtp/tls.h"
#include "delivery/smtp/transfer.h"

static int answer_login(auth_client_request_t request, char **result, int fields, void *data)
{
	const struct smtp_client *client = data;

	for (int i = 0; i < fields; i++)
		result[i] = request[i].flags & AUTH_USER   ? client->username
			    : request[i].flags & AUTH_PASS ? client->password
							   : NULL;
	return 1;
}

/* NULL: no login is configured. */
static auth_context_t login_new(const struct smtp_client *client, smtp_session_t esmtp)
{
	if (*client->username == '\0')
		return NULL;
	auth_context_t login = auth_create_context();
	auth_set_mechanism_flags(login, AUTH_PLUGIN_PLAIN, 0);
	auth_set_interact_cb(login, answer_login, (void *)client);
	smtp_auth_set_context(esmtp, login);
	return login;
}

static smtp_session_t session_open(struct session *session)
{
	const struct smtp_client *client = session->client;
	smtp_session_t esmtp = smtp_create_session();

	if (!esmtp)
		g_error("out of memory");
	smtp_set_server(esmtp, client->server);
	smtp_set_hostname(esmtp, client->hostname);
	for (int i = 0; i <= Timeout_DATA2; i++)
		smtp_set_timeout(esmtp, i | Timeout_OVERRIDE_RFC2822_MINIMUM, client->waits[i]);
	smtp_starttls_enable(esmtp, client->starttls);
	smtp_starttls_set_ctx(esmtp, client->tls);
	callbacks_install(esmtp, session);
	return esmtp;
}

static void session_add(struct session *session, smtp_session_t esmtp,
			const struct smtp_transaction *transactions, size_t count)
{
	session->transfers = g_new0(struct transfer, count);
	session->transfer_count = count;
	for (size_t i = 0; i < count; i++) {
		session->transfers[i] = (struct transfer){.session = session, .index = i};
		transfer_add(&session->transfers[i], esmtp, &transactions[i]);
	}
}

/* Runs the dialogue to its end. The number of libESMTP's error, 0 for none. */
static int session_talk(struct session *session, smtp_session_t esmtp)
{
	g_free(tls_problem_take()); /* of an earlier connection */
	connect_timeout_begin(&session->connecting, session->client->connect_wait);
	int error = smtp_start_session(esmtp) ? 0 : smtp_errno();
	connect_timeout_end(&session->connecting);
	return error != 0 ? error : smtp_errno();
}

/* What a broken connection has left open. */
static void session_end_rest(struct session *session)
{
	for (size_t i = 0; i < session->transfer_count; i++) {
		struct transfer *transfer = &session->transfers[i];

		if (!transfer->is_ended && !session_lacks_login(session) &&
		    transfer_is_touched(transfer))
			transfer_end(transfer);
	}
}

static void session_clear(struct session *session)
{
	for (size_t i = 0; i < session->transfer_count; i++)
		transfer_clear(&session->transfers[i]);
	g_free(session->transfers);
	g_string_free(session->received, TRUE);
	g_free(session->tls_problem);
}

/* --- what went wrong ------------------------------------------------------------ */

static char *login_problem(const struct session *session, const char *refusal)
{
	return g_strdup_printf(
	    "login as %s refused: %s", session->client->username,
	    *refusal != '\0' ? refusal : "the server offers no way to log in that is known here");
}

static char *handshake_problem(void)
{
	g_autofree char *handshake = tls_problem_take();

	return g_strdup_printf("TLS: %s", handshake ? handshake : "the handshake was cut off");
}

static char *connection_problem(const struct session *session, int error)
{
	char buffer[256];
	const char *why = smtp_strerror(error, buffer, sizeof buffer);

	if (!session->is_connected && g_strcmp0(why, g_strerror(EINTR)) == 0)
		return g_strdup_printf("cannot reach it: no connection within %u seconds",
				       session->client->connect_wait);
	return g_strdup_printf("cannot reach it: %s", why);
}

/* What kept the server from replying to any transaction. */
static char *session_problem(const struct session *session, int error)
{
	const char *received = session->received->str;
	g_autofree char *refusal = replies_last_refusal(received, 0);
	g_autofree char *valid = g_utf8_make_valid(refusal, -1);

	if (session->tls_problem)
		return g_strdup_printf("TLS: %s", session->tls_problem);
	if (session_lacks_login(session) && strstr(received, "250"))
		return login_problem(session, valid);
	if (*valid != '\0')
		return g_strdup_printf("the server says: %s", valid);
	if (session->client->starttls != Starttls_DISABLED && strstr(received, "STARTTLS"))
		return handshake_problem();
	return connection_problem(session, error);
}

char *smtp_session_run(const struct smtp_client *client,
		       const struct smtp_transaction *transactions, size_t count,
		       const struct smtp_handler *handler)
{
	struct session session = {
	    .client = client, .handler = handler, .received = g_string_new(NULL), .hidden_fd = -1};
	smtp_session_t esmtp = session_open(&session);
	auth_context_t login = login_new(client, esmtp);

	session_add(&session, esmtp, transactions, count);
	int error = session_talk(&session, esmtp);
	session_end_rest(&session);
	char *problem = session.was_any_ended ? NULL : session_problem(&session, error);
	smtp_destroy_session(esmtp);
	if (login)
		auth_destroy_context(login);
	session_clear(&session);
	return problem;
}
