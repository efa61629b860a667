/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is secret is wiped. Every mechanism here gives the secret away to the server, so it
 * is tried only where it is certain enough who that is.
 */
#include "delivery/smtp/login.h"

#include <string.h>

#include "base/secret.h"
#include "net/sasl.h"

enum { GO_ON = 334, WELCOME = 235 };

struct mechanism {
	const char *name;
	bool is_oauth;
	/* NULL: user name and secret are asked for, one after the other */
	char *(*initial_response)(const struct sasl_login *login);
};

static const struct mechanism mechanisms_known[] = {
    {"PLAIN", false, sasl_plain},
    {"LOGIN", false, NULL},
    {"OAUTHBEARER", true, sasl_oauthbearer},
    {"XOAUTH2", true, sasl_xoauth2},
};

/* NULL: none that is offered is known. */
static const struct mechanism *choose_mechanism(bool is_oauth, const char *offered)
{
	g_auto(GStrv) names = g_strsplit(offered, " ", -1);

	for (size_t i = 0; i < G_N_ELEMENTS(mechanisms_known); i++)
		for (char **name = names; *name; name++)
			if (mechanisms_known[i].is_oauth == is_oauth &&
			    g_ascii_strcasecmp(*name, mechanisms_known[i].name) == 0)
				return &mechanisms_known[i];
	return NULL;
}

/* --- the exchange ------------------------------------------------------------------ */

/* Says one line and hears the reply. Both strings may be "". */
static bool exchange(struct dialogue *dialogue, const struct smtp_client *client,
		     const char *line[static 2], struct smtp_reply *reply_out)
{
	GString *bytes = g_string_new(line[0]);

	g_free(reply_out->text);
	reply_out->text = NULL;
	g_string_append(bytes, line[1]);
	g_string_append(bytes, "\r\n");
	bool is_said = dialogue_say(dialogue, "AUTH", bytes, client->envelope_wait);
	explicit_bzero(bytes->str, bytes->len);
	g_string_free(bytes, TRUE);
	return is_said && dialogue_hear(dialogue, "AUTH", client->envelope_wait, reply_out);
}

static bool run_at_once(struct dialogue *dialogue, const struct smtp_client *client,
			const char *command, const char *initial_response,
			struct smtp_reply *reply_out)
{
	static const char *const dummy[] = {"AQ==", ""}; /* RFC 7628 section 3.2.3 */
	const char *line[] = {command, initial_response};

	return exchange(dialogue, client, line, reply_out) &&
	       (reply_out->code != GO_ON ||
		exchange(dialogue, client, (const char **)dummy, reply_out));
}

static bool run_by_turns(struct dialogue *dialogue, const struct smtp_client *client,
			 const char *secret, struct smtp_reply *reply_out)
{
	char *answers[] = {g_strdup(""), sasl_encode(client->username), sasl_encode(secret)};
	bool is_heard = true;

	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
		const char *line[] = {i == 0 ? "AUTH LOGIN" : "", answers[i]};

		is_heard = is_heard && (i == 0 || reply_out->code == GO_ON) &&
			   exchange(dialogue, client, line, reply_out);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
		secret_free(answers[i]);
	return is_heard || !dialogue->fault;
}

static bool run_mechanism(struct dialogue *dialogue, const struct smtp_client *client,
			  const struct mechanism *mechanism, struct smtp_reply *reply_out)
{
	g_autoptr(GError) error = NULL;
	char *secret = credential_get(client->credential, &error);

	if (!secret)
		return dialogue_fail(dialogue, g_strdup(error->message));
	const struct sasl_login login = {client->username, secret, client->host, client->port};
	bool is_heard = false;
	dialogue->filter = sasl_filter(&login);
	if (mechanism->initial_response) {
		g_autofree char *command = g_strdup_printf("AUTH %s ", mechanism->name);
		char *initial_response = mechanism->initial_response(&login);

		is_heard = run_at_once(dialogue, client, command, initial_response, reply_out);
		secret_free(initial_response);
	} else {
		is_heard = run_by_turns(dialogue, client, secret, reply_out);
	}
	secret_free(secret);
	return is_heard;
}

/* Why the login must not be offered to who is at the other end; NULL: it may. */
static const char *login_objection(const struct dialogue *dialogue,
				   const struct smtp_client *client)
{
	if (!connection_is_encrypted(dialogue->connection))
		return client->may_login_in_clear ? NULL : "the connection is not encrypted";
	return client->is_verifying || client->may_login_unverified
		   ? NULL
		   : "the certificate of the server was not verified";
}

bool login_run(struct dialogue *dialogue, const struct smtp_client *client, const char *mechanisms)
{
	const char *why_not = login_objection(dialogue, client);
	const struct mechanism *mechanism = choose_mechanism(client->is_oauth, mechanisms);
	struct smtp_reply reply = {0};

	if (why_not)
		return dialogue_fail(dialogue, g_strdup_printf("login as %s not tried: %s",
							       client->username, why_not));
	if (!mechanism)
		return dialogue_fail(dialogue,
				     g_strdup_printf("login as %s refused: the server offers no "
						     "way to log in that is known here",
						     client->username));
	bool is_heard = run_mechanism(dialogue, client, mechanism, &reply);
	g_autofree char *text = reply.text;
	if (!is_heard || reply.code == WELCOME)
		return is_heard;
	if (reply.code >= 500)
		(void)credential_refuse(client->credential); /* a later try has another token */
	g_autofree char *quote = dialogue_quote(&reply);
	return dialogue_fail(dialogue,
			     g_strdup_printf("login as %s refused: %s", client->username, quote));
}
