/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which sentences are a statement about a recipient in all of their words.
 */
#include <string.h>

#include <glib.h>

#include "classifier/text/fold.h"
#include "classifier/verdict/statement.h"

static const struct statement_names names = {.recipient = "rita@customer.example",
					     .host = "mx1.blurb.example"};

static const struct row {
	const char *text;
	const char *place; /* in the sentence that is asked */
	bool is_known;
} rows[] = {
    {"550 user unknown", "unknown", true},
    {"550 zorp user unknown", "unknown", false},
    {"550 user unknown, says your server", "unknown", false},
    {"550 encryption gateway: user unknown", "unknown", false},
    /* one sentence only */
    {"550 user unknown. The zorp is blue", "unknown", true},
    {"550 The zorp is blue! User unknown", "unknown", true},
    {"550 The zorp is blue! User unknown", "zorp", false},
    /* words that are known together */
    {"550 the account that you tried to reach does not exist", "exist", true},
    {"550 you do not exist", "exist", false},
    {"550 your message was rejected: no such user", "user", true},
    {"550 your user does not exist", "exist", false},
    /* names are no words */
    {"550 <rita@customer.example>: user rita unknown", "unknown", true},
    {"550 user zorp unknown", "unknown", true},
    {"550 unknown user your server", "user", false},
    {"550 zorp unknown", "unknown", false},
    {"550 rita unknown", "unknown", true},
    {"550 Zorp Blue has left the company", "left", true},
    {"550 Dr. Zorp de Zorp has left the company", "left", true},
    {"550 Frau Zorp arbeitet nicht mehr hier", "arbeitet", true},
    {"550 <rita@customer.example> Zorp has left the company", "left", true},
    {"550 Zorp has left the company", "left", true},
    {"550 Frau Dr. Zorp ist verstorben", "verstorben", true},
    {"550 Sorry, Zorp has left the company", "left", true},
    {"550 ZORP has left the company", "left", false},
    {"550 zorp has left the company", "left", false},
    {"550 Filter has left the company", "left", false},
    {"550 Zorp blue has left the company", "left", false},
    {"550 The Sender has left the company", "left", false},
    {"550 Zorp Of The Blue Zorp has left the company", "left", false},
    {"550 Zorp Blue has left the zorp", "left", false},
    {"550 Zorp Blue no longer works here", "works", false},
    {"550 user rita mae example (rita@customer.example) not listed", "listed", true},
    {"550 mx7.zorp.example no such user at zorp.example [zorp 7]", "user", true},
    {"550 no such user http://zorp.example/zorp id=zorp MSZ:ZORP:BLUE", "user", true},
    {"550 no such user ZORP:BLUE", "user", false},
    {"550 no such user, mail from <news@sender.example>", "user", false},
    {"550 on 9 May 2026 user unknown", "unknown", true},
    {"550 may user be unknown", "unknown", false},
    /* of the host that refuses */
    {"550 user is now disabled with Blurb services", "disabled", true},
    {"550 no such Blurb user", "such", true},
    {"550 no such Blur user", "such", false},
    {"550 Mx1 says no such user", "such", false},
    /* other languages, with and without their own letters */
    {"550 Der Empfänger ist unbekannt", "unbekannt", true},
    {"550 Der Empfaenger ist unbekannt", "unbekannt", true},
    {"550 Der Empfänger im Zorp ist unbekannt", "unbekannt", false},
    {"550 用户不存在 user not found", "found", true},
    /* what a text says before the reply that it quotes, or without one */
    {"The zorp is blue: 550 user unknown", "unknown", true},
    {"The zorp is blue: 550 zorp unknown", "unknown", false},
    {"The zorp is blue: 550 user unknown zorp", "user", false},
    {"rita@customer.example (550 user unknown) The zorp follows", "user", true},
    {"rita@customer.example (550 user unknown (here)) The zorp follows", "user", true},
    {"<-- 550 user unknown 10:00: --> QUIT --- end of zorp", "user", true},
    {"The zorp is blue: user unknown", "unknown", true},
    {"550 the zorp said 550 user unknown", "unknown", false},
    {"550 ", "550", true},
};

static void test_sentences(void)
{
	static const char *const senders[] = {"news@sender.example", NULL};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *folded = fold_text(rows[i].text, senders);
		const char *place = strstr(folded, rows[i].place);
		g_assert_nonnull(place);
		g_test_message("%s", rows[i].text);
		g_assert_true(statement_is_known(folded, (size_t)(place - folded), &names) ==
			      rows[i].is_known);
	}
}

/* "unknown host" is said of the recipient's domain only where no other is named. */
static void test_domains(void)
{
	static const struct statement_names of_domain = {.recipient = "rita@customer.example",
							 .host = "mx1.blurb.example",
							 .is_of_domain = true};
	static const struct {
		const char *text;
		bool is_of_other;
	} sentences[] = {
	    {"550 host unknown", false},
	    {"550 host mx.customer.example unknown", false},
	    {"550 host unknown (mx.customer.example.)", false},
	    {"550 host example unknown", false},
	    {"550 mx2.blurb.example: host unknown", false},
	    {"550 host unknown, see www.zorp.example/help", false},
	    {"550 smtpsend.dns.nonexistentdomain; host unknown", false},
	    {"550 host unknown. Visit zorp.example", false}, /* another sentence */
	    {"550 host mail.zorp.example unknown", true},
	    {"550 host unknown: 'zorp.example.'", true},
	    {"550 host (zorp.example) unknown at mx.customer.example", true},
	    {"550 host othercustomer.example unknown", true},
	    {"550 host notblurb.example unknown", true},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(sentences); i++) {
		const char *place = strstr(sentences[i].text, "unknown");
		size_t at = place ? (size_t)(place - sentences[i].text) : 0;
		g_test_message("%s", sentences[i].text);
		g_assert_true(statement_is_of_other(sentences[i].text, at, &of_domain) ==
			      sentences[i].is_of_other);
		g_assert_false(statement_is_of_other(sentences[i].text, at, &names));
	}
}

/* What two hosts of one owner share, and those of strangers do not. */
static void test_owners(void)
{
	static const struct {
		const char *refusing;
		const char *named;
		bool is_of_other;
	} hosts[] = {
	    {"mx1.blurb.example", "mx2.blurb.example", false},
	    {"blurb.example", "mx2.blurb.example", false},
	    {"mx.blurb.com.br", "mx2.blurb.com.br", false},
	    {"mx.blurb.com.br", "zorp.com.br", true},
	    {"blurb.co.uk", "mx.zorp.co.uk", true},
	    {"mx.blurb.asso.fr", "zorp.asso.fr", true},
	    {"mx", "zorp.example", true},
	    {"", "zorp.example", true},
	    {".", "zorp.example", true},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
		const struct statement_names parties = {.recipient = "rita@customer.example",
							.host = hosts[i].refusing,
							.is_of_domain = true};
		g_autofree char *text = g_strdup_printf("550 host %s unknown", hosts[i].named);
		g_test_message("%s: %s", hosts[i].refusing, text);
		g_assert_true(statement_is_of_other(text, 0, &parties) == hosts[i].is_of_other);
	}
}

static void test_others(void)
{
	static const struct {
		const char *text;
		bool is_of_other;
	} sentences[] = {
	    {"550 5.1.1 user unknown", false},
	    {"550 5.1.1 zorp user unknown zorp", false}, /* nobody knows what that says */
	    {"550 5.1.1 user removed from the master list in our cluster", false},
	    {"550 5.1.1 user unknown to your filter", true},
	    {"550 5.1.1 the mail from you: user unknown", true},
	    {"550 5.1.1 user unknown. Our filter is blue", false}, /* of another sentence */
	    {"550 5.1.1 your message to <@> failed: user unknown", false},
	    /* the longer entry counts */
	    {"550 5.1.1 recipient verification failed: user unknown", false},
	    {"550 5.1.1 recipient verification in progress, user unknown", true},
	    {"550 5.1.1 address could be that of no user", true},
	    /* no reply */
	    {"user unknown to your filter", false},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(sentences); i++) {
		const char *place = strstr(sentences[i].text, "user");
		g_test_message("%s", sentences[i].text);
		g_assert_true(statement_is_of_other(sentences[i].text,
						    (size_t)(place - sentences[i].text),
						    &names) == sentences[i].is_of_other);
	}
}

static void test_topics(void)
{
	static const struct {
		const char *text;
		bool is_known;
	} topics[] = {
	    {"550 5.1.1 user unknown", true},
	    {"550 5.1.1 recipient address rejected: zorp", true},
	    {"550 5.1.1 zorp: user unknown", false},
	    {"550 5.1.1 zorp:user unknown", true}, /* no topic without a blank */
	    {"550 5.1.1 zorp:", false},
	    {"zorp: user unknown", true}, /* no reply */
	    {"550 5.1.1 <@>: zorp", true},
	    {"550 user not exist (zorp: blue)", true},
	    {"550 user not exist (zorp): blue", false},
	    {"550 user not exist (zorp: blue", false},
	    {"550 zorp (blue): user not exist", false},
	    {"550 no such user. Zorp: blue", true}, /* of another sentence */
	    {"550 Zorp is blue. Zorp: no such user", false},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(topics); i++) {
		const char *text = topics[i].text, *user = strstr(text, "user");
		g_test_message("%s", text);
		g_assert_true(statement_has_known_topic(text,
							user ? (size_t)(user - text) : strlen(text),
							&names) == topics[i].is_known);
	}
}

/* A text of a stranger is no sentence, and costs no more than to see that. */
static void test_long(void)
{
	g_autofree char *words = g_strnfill(1000000, 'a');
	for (size_t i = 0; i < 1000000; i += 2)
		words[i] = ' ';
	g_autofree char *text = g_strconcat("550 user unknown", words, NULL);
	g_assert_false(statement_is_known(text, strlen("550 user unk"), &names));
	g_assert_false(statement_is_known(text, strlen(text) - 1, &names));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	g_test_add_func("/statement/sentences", test_sentences);
	g_test_add_func("/statement/domains", test_domains);
	g_test_add_func("/statement/owners", test_owners);
	g_test_add_func("/statement/others", test_others);
	g_test_add_func("/statement/topics", test_topics);
	g_test_add_func("/statement/long", test_long);
	return g_test_run();
}
