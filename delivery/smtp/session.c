/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One connection: greeting, EHLO, STARTTLS, login, transactions, QUIT. Who is no longer
 * trusted is not said goodbye to: after a fault or a refused login the connection is
 * closed and that is all.
 */
#include "delivery/smtp/session.h"

#include "delivery/smtp/client.h"
#include "delivery/smtp/dialogue.h"
#include "delivery/smtp/ehlo_extensions.h"
#include "delivery/smtp/login.h"
#include "delivery/smtp/transaction_steps.h"

enum { QUIT_WAIT = 5 }; /* seconds; nothing depends on the reply */

struct session {
	const struct smtp_client *client;
	struct dialogue dialogue;
	struct ehlo_extensions offers;
	bool was_any_ended;
};

/* --- until the first transaction --------------------------------------------------- */

/* The reply is not the one that lets the dialogue go on; takes its text. */
static bool refuse_session(struct session *session, const char *introduction,
			   struct smtp_reply *reply)
{
	g_autofree char *text = reply->text;
	g_autofree char *quote = dialogue_quote(reply);

	return dialogue_fail(&session->dialogue, g_strconcat(introduction, quote, NULL));
}

static bool ask_smtp(struct session *session, const char *step, const char *command,
		     struct smtp_reply *reply_out)
{
	g_autoptr(GString) line = g_string_new(command);
	unsigned wait = session->client->envelope_wait;

	reply_out->text = NULL;
	g_string_append(line, "\r\n");
	return dialogue_say(&session->dialogue, step, line, wait) &&
	       dialogue_hear(&session->dialogue, step, wait, reply_out);
}

static bool hear_greeting(struct session *session)
{
	struct smtp_reply reply;

	if (!dialogue_hear(&session->dialogue, "connecting", session->client->greeting_wait,
			   &reply)) {
		g_free(reply.text);
		return false;
	}
	if (!smtp_reply_is_positive(&reply))
		return refuse_session(session, "the server says: ", &reply);
	g_free(reply.text);
	return true;
}

/* RFC 5321 sections 3.2 and 4.1.4: it knows no EHLO. */
static bool is_old(const struct smtp_reply *reply)
{
	return reply->code == 500 || reply->code == 501 || reply->code == 502 || reply->code == 504;
}

static bool greet(struct session *session)
{
	g_autofree char *ehlo = g_strconcat("EHLO ", session->client->hostname, NULL);
	g_autofree char *helo = g_strconcat("HELO ", session->client->hostname, NULL);
	struct smtp_reply reply;
	bool is_heard = ask_smtp(session, "EHLO", ehlo, &reply);
	bool has_offers = is_heard && smtp_reply_is_positive(&reply);

	if (is_heard && is_old(&reply)) {
		g_free(reply.text);
		is_heard = ask_smtp(session, "HELO", helo, &reply);
	}
	if (is_heard && !smtp_reply_is_positive(&reply))
		return refuse_session(session, "the server says: ", &reply);
	g_free(reply.text);
	ehlo_extensions_read(&session->offers,
			     has_offers ? session->dialogue.reader.lines->str : "");
	return is_heard;
}

static bool start_smtp_tls(struct session *session)
{
	bool is_demanded = session->client->starttls == SMTP_STARTTLS_DEMANDED;
	struct smtp_reply reply;

	if (session->client->starttls == SMTP_STARTTLS_OFF ||
	    session->client->starttls == SMTP_TLS_AT_ONCE ||
	    (!session->offers.has_starttls && !is_demanded))
		return true;
	if (!session->offers.has_starttls)
		return dialogue_fail(&session->dialogue,
				     g_strdup("TLS: the server does not offer STARTTLS"));
	if (!ask_smtp(session, "STARTTLS", "STARTTLS", &reply)) {
		g_free(reply.text);
		return false;
	}
	if (!smtp_reply_is_positive(&reply) && is_demanded)
		return refuse_session(session, "TLS: the server refuses STARTTLS: ", &reply);
	g_free(reply.text);
	/* what was offered in the clear is void: RFC 3207 section 4.2 */
	return !smtp_reply_is_positive(&reply) ||
	       (dialogue_start_tls(&session->dialogue, session->client->tls,
				   session->client->envelope_wait) &&
		greet(session));
}

/* RFC 8314 section 3.3 */
static bool begin_with_tls(struct session *session)
{
	return session->client->starttls != SMTP_TLS_AT_ONCE ||
	       dialogue_start_tls(&session->dialogue, session->client->tls,
				  session->client->envelope_wait);
}

static bool introduce(struct session *session)
{
	return begin_with_tls(session) && hear_greeting(session) && greet(session) &&
	       start_smtp_tls(session) &&
	       (*session->client->username == '\0' ||
		login_run(&session->dialogue, session->client, session->offers.mechanisms));
}

/* --- transactions --------------------------------------------------------------------- */

static bool say_reset(struct session *session)
{
	struct smtp_reply reply;
	bool is_heard = ask_smtp(session, "RSET", "RSET", &reply);

	g_free(reply.text);
	return is_heard && smtp_reply_is_positive(&reply);
}

static void say_quit(struct session *session)
{
	g_autoptr(GString) line = g_string_new("QUIT\r\n");
	struct smtp_reply reply = {0};

	if (dialogue_say(&session->dialogue, "QUIT", line, QUIT_WAIT))
		(void)dialogue_hear(&session->dialogue, "QUIT", QUIT_WAIT, &reply);
	g_free(reply.text);
}

static void transact(struct session *session, const struct smtp_transaction *transactions,
		     size_t count, const struct smtp_handler *handler)
{
	enum transaction_steps_next next = TRANSACTION_STEPS_GOES_ON;

	for (size_t i = 0; i < count && next != TRANSACTION_STEPS_CLOSES; i++) {
		struct transaction_steps steps = {.dialogue = &session->dialogue,
						  .client = session->client,
						  .offers = &session->offers,
						  .handler = handler,
						  .transaction = &transactions[i],
						  .index = i};

		if (next == TRANSACTION_STEPS_NEEDS_RESET && !say_reset(session))
			return;
		next = transaction_steps_run(&steps);
		session->was_any_ended = session->was_any_ended || steps.was_ended;
	}
	if (next != TRANSACTION_STEPS_CLOSES)
		say_quit(session);
}

/* --- the whole -------------------------------------------------------------------------- */

/* NULL: nothing that concerns more than one mail. */
static char *session_problem(const struct session *session)
{
	const char *fault = session->dialogue.fault;

	if (session->was_any_ended || !fault || smtp_client_is_stopped(session->client))
		return NULL;
	return session->dialogue.was_anything_heard ? g_strdup(fault)
						    : g_strdup_printf("cannot reach it: %s", fault);
}

char *smtp_session_run(const struct smtp_client *client,
		       const struct smtp_transaction *transactions, size_t count,
		       const struct smtp_handler *handler)
{
	struct session session = {.client = client};
	g_autofree char *fault = NULL;
	struct connection *connection = connection_connect(
	    client->host, client->port, client->connect_wait, client->stop, &fault);

	if (!connection && smtp_client_is_stopped(client))
		return NULL;
	if (!connection)
		return g_strdup_printf("cannot reach it: %s", fault);
	dialogue_open(&session.dialogue, connection);
	if (introduce(&session))
		transact(&session, transactions, count, handler);
	char *problem = session_problem(&session);
	ehlo_extensions_clear(&session.offers);
	dialogue_close(&session.dialogue);
	return problem;
}
