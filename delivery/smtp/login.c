/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is secret is wiped. Every mechanism here gives the secret away to the server, so it
 * is tried only where it is certain enough who that is.
 */
#include "delivery/smtp/login.h"

#include <string.h>

#include "base/error.h"

enum { GO_ON = 334, WELCOME = 235 };

static void wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	g_free(secret);
}

/* Takes the string and wipes it. */
static char *to_base64(GString *secret)
{
	char *text = g_base64_encode((const guchar *)secret->str, secret->len);

	explicit_bzero(secret->str, secret->len);
	g_string_free(secret, TRUE);
	return text;
}

/* --- mechanisms ----------------------------------------------------------------- */

/* RFC 4616: message = [authzid] NUL authcid NUL passwd */
static char *plain_response(const struct smtp_client *client, const char *secret)
{
	GString *text = g_string_new(NULL);

	g_string_append_len(text, "", 1);
	g_string_append(text, client->username);
	g_string_append_len(text, "", 1);
	g_string_append(text, secret);
	return to_base64(text);
}

/* RFC 5801: "=" and "," of the name are written as =3D and =2C. */
static char *bearer_response(const struct smtp_client *client, const char *secret)
{
	GString *name = g_string_new(client->username);
	GString *text = g_string_new("n,a=");

	g_string_replace(name, "=", "=3D", 0);
	g_string_replace(name, ",", "=2C", 0);
	g_string_append_printf(text, "%s,\001host=%s\001port=%s\001auth=Bearer %s\001\001",
			       name->str, client->host, client->port, secret);
	g_string_free(name, TRUE);
	return to_base64(text);
}

static char *xoauth2_response(const struct smtp_client *client, const char *secret)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "user=%s\001auth=Bearer %s\001\001", client->username, secret);
	return to_base64(text);
}

struct mechanism {
	const char *name;
	bool is_oauth;
	/* NULL: user name and secret are asked for, one after the other */
	char *(*response)(const struct smtp_client *client, const char *secret);
};

static const struct mechanism mechanisms_known[] = {
    {"PLAIN", false, plain_response},
    {"LOGIN", false, NULL},
    {"OAUTHBEARER", true, bearer_response},
    {"XOAUTH2", true, xoauth2_response},
};

/* NULL: none that is offered is known. */
static const struct mechanism *choose(bool is_oauth, const char *offered)
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
			const char *command, const char *response, struct smtp_reply *reply_out)
{
	static const char *const dummy[] = {"AQ==", ""}; /* RFC 7628 section 3.2.3 */
	const char *line[] = {command, response};

	return exchange(dialogue, client, line, reply_out) &&
	       (reply_out->code != GO_ON ||
		exchange(dialogue, client, (const char **)dummy, reply_out));
}

static bool run_by_turns(struct dialogue *dialogue, const struct smtp_client *client,
			 const char *secret, struct smtp_reply *reply_out)
{
	char *answers[] = {g_strdup(""), to_base64(g_string_new(client->username)),
			   to_base64(g_string_new(secret))};
	bool is_heard = true;

	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
		const char *line[] = {i == 0 ? "AUTH LOGIN" : "", answers[i]};

		is_heard = is_heard && (i == 0 || reply_out->code == GO_ON) &&
			   exchange(dialogue, client, line, reply_out);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
		wipe(answers[i]);
	return is_heard || !dialogue->fault;
}

static bool run_mechanism(struct dialogue *dialogue, const struct smtp_client *client,
			  const struct mechanism *mechanism, struct smtp_reply *reply_out)
{
	g_autoptr(GError) error = NULL;
	char *secret = smtp_client_password(client, &error);

	if (!secret)
		return dialogue_fail(dialogue, g_strdup(error->message));
	bool is_heard = false;
	if (mechanism->response) {
		g_autofree char *command = g_strdup_printf("AUTH %s ", mechanism->name);
		char *response = mechanism->response(client, secret);

		is_heard = run_at_once(dialogue, client, command, response, reply_out);
		wipe(response);
	} else {
		is_heard = run_by_turns(dialogue, client, secret, reply_out);
	}
	wipe(secret);
	return is_heard;
}

/* Why the login must not be offered to who is at the other end; NULL: it may. */
static const char *objection(const struct dialogue *dialogue, const struct smtp_client *client)
{
	if (!wire_is_encrypted(dialogue->wire))
		return client->may_login_in_clear ? NULL : "the connection is not encrypted";
	return client->is_verifying || client->may_login_unverified
		   ? NULL
		   : "the certificate of the server was not verified";
}

bool login_run(struct dialogue *dialogue, const struct smtp_client *client, const char *mechanisms)
{
	const char *why_not = objection(dialogue, client);
	const struct mechanism *mechanism = choose(client->is_oauth, mechanisms);
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
	g_autofree char *quote = dialogue_quote(&reply);
	return dialogue_fail(dialogue,
			     g_strdup_printf("login as %s refused: %s", client->username, quote));
}
