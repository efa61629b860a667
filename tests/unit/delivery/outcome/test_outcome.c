/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the replies of a server mean for each recipient, whose fault a refusal is, and its document.
 */
#include <string.h>

#include <json-glib/json-glib.h>

#include "classifier/mime/mime.h"
#include "delivery/outcome/outcome.h"
#include "tests/unit/shipped_rules.h"

static void test_outcomes(void)
{
	static const struct {
		int mail, recipient, data;
		bool is_complete;
		enum outcome outcome;
	} rows[] = {
	    {250, 250, 250, true, OUTCOME_ACCEPTED}, {250, 251, 250, true, OUTCOME_ACCEPTED},
	    {250, 550, 250, true, OUTCOME_REJECTED}, /* another one was taken */
	    {250, 550, 554, true, OUTCOME_REJECTED}, /* no valid recipient left */
	    {250, 450, 554, true, OUTCOME_PENDING},  /* the reply to the recipient counts */
	    {250, 250, 554, true, OUTCOME_REJECTED}, {250, 250, 452, true, OUTCOME_PENDING},
	    {250, 250, 0, true, OUTCOME_UNKNOWN},  /* silence, or cut after the final dot */
	    {250, 0, 0, true, OUTCOME_UNKNOWN},    /* pipelined, and cut */
	    {250, 250, 0, false, OUTCOME_PENDING}, /* cut before the final dot */
	    {250, 250, 354, false, OUTCOME_PENDING}, {250, 0, 0, false, OUTCOME_PENDING},
	    {550, 0, 0, false, OUTCOME_REJECTED},    {451, 0, 0, false, OUTCOME_PENDING},
	    {199, 0, 0, false, OUTCOME_PENDING}, /* temporary unless said otherwise */
	    {250, 354, 0, false, OUTCOME_PENDING},   {250, 354, 250, true, OUTCOME_PENDING},
	    {250, 650, 250, true, OUTCOME_PENDING},  {250, 250, 399, true, OUTCOME_PENDING},
	    {250, 250, 650, true, OUTCOME_PENDING},  {250, 250, 250, false, OUTCOME_PENDING},
	    {503, 0, 0, false, OUTCOME_PENDING}, /* of the session */
	    {250, 503, 0, false, OUTCOME_PENDING},   {250, 250, 503, false, OUTCOME_PENDING},
	    {250, 0, 250, true, OUTCOME_UNKNOWN}, /* never "accepted" without a reply to the
						     recipient */
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct smtp_reply recipient = {.code = rows[i].recipient, .text = (char *)"r"};
		const struct smtp_result result = {
		    .mail = {.code = rows[i].mail, .text = (char *)"m"},
		    .data = {.code = rows[i].data, .text = (char *)"d"},
		    .recipients = &recipient,
		    .fault = "",
		    .is_complete = rows[i].is_complete};
		struct smtp_reply reply;

		g_test_message("%d %d %d", rows[i].mail, rows[i].recipient, rows[i].data);
		g_assert_cmpstr(outcome_name(outcome_of(&result, 0, &reply)), ==,
				outcome_name(rows[i].outcome));
	}
}

static char *both[] = {(char *)"a@b.example", (char *)"c@b.example", NULL};
static const struct db_item two = {.addresses = both};

static void test_blame(void)
{
	char *first[] = {both[0], NULL};
	const struct db_item one = {.addresses = first};
	g_autoptr(ruleset_t) rules = shipped_rules();
	static const struct {
		int mail, code;
		const char *status, *text;
		enum outcome_blame blame;
	} rows[] = {
	    {250, 250, "2.1.5", "ok", BLAME_MAIL},
	    {250, 550, "5.1.1", "<a@b.example>: user unknown", BLAME_MAIL},
	    {550, 0, "", "", BLAME_US},
	    {552, 0, "", "", BLAME_MAIL}, /* the size */
	    {250, 553, "5.7.1", "<x@y.example>: Sender address rejected: not owned", BLAME_US},
	    {250, 454, "4.7.1", "<a@b.example>: Relay access denied", BLAME_US},
	    {250, 554, "5.7.1", "<u[192.0.2.1]>: Client host rejected: Access denied", BLAME_US},
	    {250, 550, "", "relay not permitted", BLAME_US},
	    {250, 550, "", "Please turn on SMTP Authentication in your mail client", BLAME_US},
	    {250, 550, "5.1.8", "domain not found", BLAME_US},
	    {250, 450, "4.1.7", "<b@y.example>: unverified address", BLAME_US},
	    {250, 530, "5.7.0", "Must issue a STARTTLS command first", BLAME_US},
	    {250, 554, "5.7.1", "<a@b.example>: Recipient address rejected: Access denied",
	     BLAME_IF_ALIKE},
	    {250, 451, "4.3.5", "<a@b.example>: Server configuration problem", BLAME_IF_ALIKE},
	    {250, 450, "4.7.1", "<a@b.example>: Try again later", BLAME_IF_ALIKE},
	    {250, 450, "4.1.1", "<a@b.example>: unverified address", BLAME_MAIL},
	    {250, 450, "4.2.2", "<a@b.example>: mailbox full", BLAME_MAIL},
	    {250, 552, "5.3.4", "<a@b.example>: too big", BLAME_MAIL},
	    {250, 550, "", "go away", BLAME_IF_ALIKE},
	    {250, 554, "", "no", BLAME_IF_ALIKE},
	    {250, 550, "", "", BLAME_IF_ALIKE},
	    {250, 450, "", "not today", BLAME_IF_ALIKE},
	    {250, 550, "", "heute nicht", BLAME_IF_ALIKE},
	    {250, 550, "", "Allez-vous-en", BLAME_IF_ALIKE},
	    {250, 550, "", "\xe3\x81\x8a\xe6\x96\xad\xe3\x82\x8a", BLAME_IF_ALIKE},
	    {250, 550, "", "this message is refused", BLAME_IF_ALIKE},
	    {250, 550, "5.0.0", "go away", BLAME_IF_ALIKE},
	    {250, 550, "5.5.0", "go away", BLAME_IF_ALIKE},
	    {250, 550, "", "user unknown", BLAME_MAIL},
	    {250, 550, "", "<a@b.example>: no such user here", BLAME_MAIL},
	    {250, 550, "5.1.1", "<a@b.example>: address rejected, no such mailbox", BLAME_MAIL},
	    {250, 450, "4.7.1", "Greylisted, please try again later", BLAME_MAIL},
	    {250, 554, "5.6.0", "the moon is in the wrong house", BLAME_MAIL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct smtp_reply recipients[2] = {
		    {.code = rows[i].code, .text = (char *)rows[i].text},
		    {.code = 250, .text = (char *)"ok"}};
		struct smtp_result result = {.mail = {.code = rows[i].mail, .text = (char *)"m"},
					     .recipients = recipients,
					     .fault = ""};
		struct smtp_reply reply;

		g_strlcpy(recipients[0].status, rows[i].status, sizeof recipients[0].status);
		g_test_message("%d %d %s", rows[i].mail, rows[i].code, rows[i].text);
		g_assert_cmpint(outcome_blame(rules, "mx", &one, &result, &reply), ==,
				rows[i].blame);
		if (rows[i].mail == 250)
			g_assert_cmpint(outcome_blame(rules, "mx", &two, &result, &reply), ==,
					BLAME_MAIL);
	}
}

/* Where one of two is called unknown. */
static void test_blame_beside_dead(void)
{
	g_autoptr(ruleset_t) rules = shipped_rules();
	static const struct {
		const char *text;
		enum outcome_blame blame;
	} rows[] = {
	    {"go away", BLAME_IF_ALIKE},
	    {"Relay access denied", BLAME_US},
	    {"user unknown", BLAME_MAIL},
	};

	for (size_t i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
		const char *text = rows[i / 2].text;
		struct smtp_reply recipients[2];
		struct smtp_result result = {.mail = {.code = 250, .text = (char *)"ok"},
					     .recipients = recipients,
					     .fault = ""};
		struct smtp_reply reply;

		recipients[i % 2] = (struct smtp_reply){.code = 550, .text = (char *)text};
		recipients[1 - i % 2] = (struct smtp_reply){
		    .code = 550, .status = "5.1.1", .text = (char *)"User unknown in table"};
		g_test_message("%s, place %zu", text, i % 2);
		g_assert_cmpint(outcome_blame(rules, "mx", &two, &result, &reply), ==,
				rows[i / 2].blame);
		if (rows[i / 2].blame != BLAME_MAIL)
			g_assert_cmpstr(reply.text, ==, text);
		g_assert_false(outcome_is_any_accepted(&two, &result));
	}
}

/* Where the recipients were accepted. */
static void test_blame_behind_envelope(void)
{
	g_autoptr(ruleset_t) rules = shipped_rules();
	static const struct {
		bool is_complete;
		int code;
		const char *status, *text;
		enum outcome_blame blame;
	} rows[] = {
	    {true, 250, "2.0.0", "ok", BLAME_MAIL},
	    {false, 554, "5.7.1", "<u[192.0.2.1]>: Client host rejected: Access denied", BLAME_US},
	    {true, 554, "5.7.1", "<u[192.0.2.1]>: Client host rejected: Access denied", BLAME_US},
	    {true, 550, "5.7.60", "Client does not have permissions to send as this sender",
	     BLAME_US},
	    {true, 554, "", "Message rejected: Email address is not verified.", BLAME_US},
	    {true, 550, "5.4.5", "Daily user sending limit exceeded.", BLAME_US},
	    {false, 554, "5.7.1", "<DATA>: Data command rejected: Access denied", BLAME_IF_ALIKE},
	    {true, 554, "5.7.1", "Message rejected as spam", BLAME_MAIL},
	    {true, 451, "4.3.0", "Error: queue file write error", BLAME_IF_ALIKE},
	    {true, 552, "5.3.4", "Message too big", BLAME_MAIL},
	    {true, 550, "5.6.0", "please send as plain text", BLAME_MAIL},
	    {false, 554, "5.5.1", "Error: no valid recipients", BLAME_MAIL},
	    {false, 554, "", "no", BLAME_IF_ALIKE},
	    {true, 554, "", "no", BLAME_IF_ALIKE},
	    {true, 550, "5.7.1", "go away", BLAME_IF_ALIKE},
	    {true, 550, "", "this message looks like spam", BLAME_MAIL},
	    {true, 550, "5.1.1", "User unknown", BLAME_MAIL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct smtp_reply recipients[2] = {
		    {.code = 250, .text = (char *)"ok"},
		    {.code = 550, .status = "5.1.1", .text = (char *)"user unknown"}};
		struct smtp_result result = {
		    .mail = {.code = 250, .text = (char *)"m"},
		    .data = {.code = rows[i].code, .text = (char *)rows[i].text},
		    .is_complete = rows[i].is_complete,
		    .recipients = recipients,
		    .fault = ""};
		struct smtp_reply reply;

		g_strlcpy(result.data.status, rows[i].status, sizeof result.data.status);
		g_test_message("%d %s", rows[i].code, rows[i].text);
		g_assert_cmpint(outcome_blame(rules, "mx", &two, &result, &reply), ==,
				rows[i].blame);
		if (rows[i].blame != BLAME_MAIL)
			g_assert_cmpstr(reply.text, ==, rows[i].text);
	}
}

/* Absence is "", in the document of a refusal as in any other. */
static void assert_no_null(JsonArray *array, guint index, JsonNode *node, gpointer data);

static void assert_member(JsonObject *object, const char *name, JsonNode *node, gpointer data)
{
	(void)object;
	g_test_message("%s", name);
	assert_no_null(NULL, 0, node, data);
}

static void assert_no_null(JsonArray *array, guint index, JsonNode *node, gpointer data)
{
	(void)array;
	(void)index;
	g_assert_false(json_node_is_null(node));
	if (JSON_NODE_HOLDS_OBJECT(node))
		json_object_foreach_member(json_node_get_object(node), assert_member, data);
	if (JSON_NODE_HOLDS_ARRAY(node))
		json_array_foreach_element(json_node_get_array(node), assert_no_null, data);
}

static void test_refusal_document(void)
{
	struct smtp_reply recipient = {.code = 550, .status = "5.1.1", .text = (char *)"unknown"};
	const struct smtp_result result = {.mail = {.code = 250, .text = (char *)"ok"},
					   .data = {.code = 554, .text = (char *)"none"},
					   .recipients = &recipient,
					   .fault = "",
					   .is_complete = true};
	char *ids[] = {(char *)"7", NULL};
	char *addresses[] = {(char *)"jane@customer.example", NULL};
	const struct db_item item = {.recipient_ids = ids, .addresses = addresses};
	g_autoptr(ruleset_t) rules = shipped_rules();
	g_autofree char *text = outcome_document(rules, "mx.customer.example", &item, &result);
	g_autoptr(JsonNode) root = json_from_string(text, NULL);
	JsonObject *outcome = json_array_get_object_element(json_node_get_array(root), 0);
	JsonObject *document = json_object_get_object_member(outcome, "document");
	JsonArray *recipients = json_object_get_array_member(document, "recipients");

	assert_no_null(NULL, 0, root, NULL);
	g_assert_cmpint(json_object_get_int_member(outcome, "recipient_id"), ==, 7);
	g_assert_cmpstr(json_object_get_string_member(outcome, "outcome"), ==, "rejected");
	g_assert_cmpstr(json_object_get_string_member(outcome, "response"), ==,
			"550 5.1.1 unknown");
	g_assert_cmpstr(
	    json_object_get_string_member(json_array_get_object_element(recipients, 0), "reason"),
	    ==, "user_unknown");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_test_add_func("/delivery/outcome", test_outcomes);
	g_test_add_func("/delivery/outcome/blame", test_blame);
	g_test_add_func("/delivery/outcome/blame-beside-dead", test_blame_beside_dead);
	g_test_add_func("/delivery/outcome/blame-behind-envelope", test_blame_behind_envelope);
	g_test_add_func("/delivery/outcome/document", test_refusal_document);
	return g_test_run();
}
