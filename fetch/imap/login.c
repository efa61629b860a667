/* SPDX-License-Identifier: BSD-2-Clause
 *
 * AUTHENTICATE where the server offers it, because its words may have any characters; else LOGIN.
 */
#include "fetch/imap/login.h"

#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "fetch/imap/folder_name.h"
#include "net/sasl.h"

static bool report_login_answer(const struct imap_dialogue *dialogue, enum imap_answer answer,
				const char *what, GError **error)
{
	if (answer == IMAP_BROKEN)
		return stream_report(dialogue->stream, error);
	g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "%s: the server says: %s", what,
		    dialogue->text);
	return false;
}

static bool ask_imap(struct imap_dialogue *dialogue, const char *command, GError **error)
{
	enum imap_answer answer = imap_dialogue_ask(dialogue, command, NULL);

	return answer == IMAP_OK || report_login_answer(dialogue, answer, command, error);
}

static bool start_imap_tls(struct imap_dialogue *dialogue, const struct store_opening *opening,
			   GError **error)
{
	if ((dialogue->capabilities & IMAP_CAN_STARTTLS) == 0) {
		g_set_error(error, BM_ERROR, BM_ERROR_RETRY,
			    "TLS: the server does not offer STARTTLS");
		return false;
	}
	if (!ask_imap(dialogue, "STARTTLS", error))
		return false;
	if (!stream_start_tls(dialogue->stream, opening->tls,
			      (unsigned)opening->settings->reply_wait))
		return stream_report(dialogue->stream, error);
	dialogue->capabilities = 0; /* what was said in the clear is void */
	return ask_imap(dialogue, "CAPABILITY", error);
}

/* --- the login ------------------------------------------------------------------------ */

struct mechanism {
	const char *name;
	enum imap_capability capability;
	bool is_oauth;
	char *(*initial_response)(const struct sasl_login *login);
};

static const struct mechanism mechanisms[] = {
    {"PLAIN", IMAP_CAN_PLAIN, false, sasl_plain},
    {"OAUTHBEARER", IMAP_CAN_OAUTHBEARER, true, sasl_oauthbearer},
    {"XOAUTH2", IMAP_CAN_XOAUTH2, true, sasl_xoauth2},
};

/* NULL: none that is offered is known. */
static const struct mechanism *choose_imap_mechanism(unsigned capabilities, bool is_oauth)
{
	for (size_t i = 0; i < G_N_ELEMENTS(mechanisms); i++)
		if (mechanisms[i].is_oauth == is_oauth &&
		    (capabilities & mechanisms[i].capability) != 0)
			return &mechanisms[i];
	return NULL;
}

/* What refuses a token says why in a line of its own, and waits for an empty answer. */
static enum imap_answer authenticate(struct imap_dialogue *dialogue,
				     const struct mechanism *mechanism,
				     const struct sasl_login *login)
{
	bool at_once = (dialogue->capabilities & IMAP_CAN_INITIAL_RESPONSE) != 0;
	char *initial_response = mechanism->initial_response(login);
	char *command =
	    at_once ? g_strdup_printf("AUTHENTICATE %s %s", mechanism->name, initial_response)
		    : g_strdup_printf("AUTHENTICATE %s", mechanism->name);
	enum imap_answer answer = imap_dialogue_begin(dialogue, command);

	if (answer == IMAP_CONTINUE && !at_once)
		answer = imap_dialogue_say_more(dialogue, initial_response)
			     ? imap_dialogue_hear(dialogue)
			     : IMAP_BROKEN;
	if (answer == IMAP_CONTINUE)
		answer = imap_dialogue_say_more(dialogue, "") ? imap_dialogue_hear(dialogue)
							      : IMAP_BROKEN;
	secret_free(command);
	secret_free(initial_response);
	return answer;
}

static enum imap_answer log_in(struct imap_dialogue *dialogue, const struct sasl_login *login)
{
	g_autofree char *username = imap_quote(login->username);
	char *secret = imap_quote(login->secret);
	char *command = g_strdup_printf("LOGIN %s %s", username, secret);
	enum imap_answer answer = imap_dialogue_ask(dialogue, command, NULL);

	secret_free(command);
	secret_free(secret);
	return answer;
}

static bool refuse_login(const char *username, const char *why, GError **error)
{
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "login as %s refused: %s", username, why);
	return false;
}

static bool run_login(struct imap_dialogue *dialogue, const struct store_opening *opening,
		      GError **error)
{
	const struct mailbox_settings *settings = opening->settings;
	const struct sasl_login login = {settings->username, opening->secret, settings->host,
					 settings->port};
	bool is_oauth = mailbox_settings_is_oauth(settings);
	const struct mechanism *mechanism = choose_imap_mechanism(dialogue->capabilities, is_oauth);

	if (!mechanism && (is_oauth || (dialogue->capabilities & IMAP_CANNOT_LOGIN) != 0))
		return refuse_login(settings->username,
				    "the server offers no way to log in that is known here", error);
	stream_set_filter(dialogue->stream, sasl_filter(&login));
	enum imap_answer answer =
	    mechanism ? authenticate(dialogue, mechanism, &login) : log_in(dialogue, &login);
	if (answer == IMAP_BROKEN)
		return stream_report(dialogue->stream, error);
	/* RFC 5530: the server is out of order, not the password */
	if (answer != IMAP_OK && (imap_dialogue_has_code(dialogue, "UNAVAILABLE") ||
				  imap_dialogue_has_code(dialogue, "INUSE") ||
				  imap_dialogue_has_code(dialogue, "LIMIT")))
		return report_login_answer(dialogue, answer, "login", error);
	return answer == IMAP_OK || refuse_login(settings->username, dialogue->text, error);
}

bool imap_login(struct imap_dialogue *dialogue, const struct store_opening *opening, GError **error)
{
	enum imap_answer answer = imap_dialogue_greeting(dialogue);
	bool is_encrypted = strcmp(opening->settings->protocol, "imaps") == 0;

	if (answer != IMAP_OK)
		return report_login_answer(dialogue, answer, "greeting", error);
	return ask_imap(dialogue, "CAPABILITY", error) &&
	       (is_encrypted || start_imap_tls(dialogue, opening, error)) &&
	       run_login(dialogue, opening, error) && ask_imap(dialogue, "CAPABILITY", error);
}
