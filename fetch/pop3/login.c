/* SPDX-License-Identifier: BSD-2-Clause
 *
 * USER and PASS, which every server knows; a token goes by AUTH (RFC 5034), in a line of its own,
 * because it is longer than a command may be.
 */
#include "fetch/pop3/login.h"

#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "net/sasl.h"

/* RFC 2449 section 8.1.1, RFC 3206: it is not the password that is refused. */
static bool is_passing(const struct pop3_dialogue *dialogue)
{
	static const char *const codes[] = {"[IN-USE]", "[LOGIN-DELAY]", "[SYS/TEMP]"};

	for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
		if (g_ascii_strncasecmp(dialogue->line->str, codes[i], strlen(codes[i])) == 0)
			return true;
	return false;
}

static bool report_login_answer(const struct pop3_dialogue *dialogue, enum pop3_answer answer,
				const struct mailbox_settings *settings, GError **error)
{
	if (answer == POP3_BROKEN)
		return stream_report(dialogue->stream, error);
	g_set_error(error, BM_ERROR, is_passing(dialogue) ? BM_ERROR_RETRY : BM_ERROR_CONFIG,
		    "login as %s refused: %s", settings->username, dialogue->line->str);
	return false;
}

/* NULL: none of the two. */
static const char *choose_mechanism(struct pop3_dialogue *dialogue)
{
	const char *mechanism = NULL;

	if (pop3_dialogue_ask(dialogue, "CAPA") != POP3_OK)
		return "XOAUTH2";
	while (pop3_dialogue_next_line(dialogue)) {
		g_auto(GStrv) words = g_strsplit(dialogue->line->str, " ", -1);
		const char *const *offered = (const char *const *)words;

		if (!words[0] || g_ascii_strcasecmp(words[0], "SASL") != 0)
			continue;
		if (g_strv_contains(offered, "OAUTHBEARER"))
			mechanism = "OAUTHBEARER";
		else if (g_strv_contains(offered, "XOAUTH2"))
			mechanism = "XOAUTH2";
	}
	return mechanism;
}

static enum pop3_answer log_in_by_token(struct pop3_dialogue *dialogue,
					const struct sasl_login *login)
{
	const char *mechanism = choose_mechanism(dialogue);

	if (stream_fault(dialogue->stream))
		return POP3_BROKEN;
	if (!mechanism) {
		g_string_assign(dialogue->line,
				"the server offers no way to log in that is known here");
		return POP3_ERR;
	}
	g_autofree char *command = g_strdup_printf("AUTH %s", mechanism);
	char *initial_response =
	    strcmp(mechanism, "XOAUTH2") == 0 ? sasl_xoauth2(login) : sasl_oauthbearer(login);
	enum pop3_answer answer = pop3_dialogue_begin(dialogue, command);
	if (answer == POP3_CONTINUE)
		answer = pop3_dialogue_begin(dialogue, initial_response);
	if (answer == POP3_CONTINUE) /* it says why not, and waits for an empty answer */
		answer = pop3_dialogue_ask(dialogue, "");
	secret_free(initial_response);
	return answer;
}

static enum pop3_answer log_in_by_password(struct pop3_dialogue *dialogue,
					   const struct sasl_login *login)
{
	g_autofree char *user = g_strdup_printf("USER %s", login->username);
	char *pass = g_strdup_printf("PASS %s", login->secret);
	enum pop3_answer answer = pop3_dialogue_ask(dialogue, user);

	if (answer == POP3_OK)
		answer = pop3_dialogue_ask(dialogue, pass);
	secret_free(pass);
	return answer;
}

bool pop3_login(struct pop3_dialogue *dialogue, const struct store_opening *opening, GError **error)
{
	const struct mailbox_settings *settings = opening->settings;
	const struct sasl_login login = {settings->username, opening->secret, settings->host,
					 settings->port};

	stream_set_wait(dialogue->stream, dialogue->reply_wait);
	enum pop3_answer answer = pop3_dialogue_hear(dialogue);
	if (answer != POP3_OK) {
		g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "greeting: %s",
			    answer == POP3_BROKEN ? stream_fault(dialogue->stream)
						  : dialogue->line->str);
		return false;
	}
	stream_set_filter(dialogue->stream, sasl_filter(&login));
	answer = mailbox_settings_is_oauth(settings) ? log_in_by_token(dialogue, &login)
						     : log_in_by_password(dialogue, &login);
	return answer == POP3_OK || report_login_answer(dialogue, answer, settings, error);
}
