/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The JSON document: every key of document.h is there, and the spellings of
 * addresses.
 */
#include <string.h>

#include <glib.h>
#include <json-glib/json-glib.h>

#include "classifier/text/address_spelling.h"
#include "classifier/verdict/document.h"

static const char *const two[] = {"a@example.org", "b@example.org", NULL};

static JsonObject *build(JsonParser *parser, const struct report *report)
{
	struct verdict verdict = {.reason = reason_get(REASON_user_unknown),
				  .class = CLASS_HARD,
				  .permanence = PERMANENCE_PERMANENT,
				  .rule = "status:X.1.1",
				  .evidence = (char *)"5.1.1 \"quoted\"\n"};
	struct envelope envelope = {.source = "milter",
				    .sender = "",
				    .recipients = two,
				    .queue_id = "4XyZ",
				    .client = "192.0.2.1",
				    .own_mta = true,
				    .size = 4312};
	g_autofree char *text = document_build(report, &verdict, &envelope);

	g_assert_null(strchr(text, '\n'));
	g_assert_true(json_parser_load_from_data(parser, text, -1, NULL));
	return json_node_get_object(json_parser_get_root(parser));
}

static void assert_keys(JsonObject *object, const char *keys)
{
	g_auto(GStrv) expected = g_strsplit(keys, " ", -1);
	g_autoptr(GList) members = json_object_get_members(object);

	g_assert_cmpuint(g_list_length(members), ==, g_strv_length(expected));
	for (size_t i = 0; expected[i]; i++)
		g_assert_true(json_object_has_member(object, expected[i]));
}

#define HEADER_KEYS "message_id from sender subject date to"

static void check_keys(void)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	struct report report = report_empty;
	JsonObject *root = build(parser, &report);
	JsonArray *recipients = json_object_get_array_member(root, "recipients");

	assert_keys(root, "version source kind dialect truncated size digest envelope header "
			  "report original references "
			  "recipients");
	assert_keys(json_object_get_object_member(root, "envelope"),
		    "sender recipients queue_id client own_mta");
	assert_keys(json_object_get_object_member(root, "header"), HEADER_KEYS " auto_submitted");
	assert_keys(json_object_get_object_member(root, "report"),
		    "reporting_mta received_from_mta dsn_gateway arrival_date envelope_id "
		    "feedback_type return_date new_address");
	assert_keys(json_object_get_object_member(root, "original"),
		    HEADER_KEYS " communication_id queue_id");
	g_assert_cmpuint(json_array_get_length(recipients), ==, 1);
	assert_keys(json_array_get_object_element(recipients, 0),
		    "recipient original_recipient addresses action status reply_code diagnostic "
		    "diagnostic_type "
		    "remote_mta final_log_id last_attempt_date will_retry_until source reason "
		    "permanence rule "
		    "evidence");
}

static void check_values(void)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	struct report_recipient recipient = report_recipient_empty;
	recipient.recipient = "User@B\xC3\xBC"
			      "cher.example";
	recipient.original_recipient = "user@xn--bcher-kva.example";
	recipient.action = REPORT_ACTION_FAILED;
	recipient.status = "5.1.1";
	recipient.reply_code = "550";
	recipient.diagnostic = "no\nuser";
	recipient.diagnostic_type = "smtp";
	recipient.remote_mta = "mx.example.net";
	recipient.source = "rfc3464";
	struct report report = report_empty;
	report.kind = REPORT_DSN;
	report.recipients = &recipient;
	report.recipient_count = 1;
	report.references = two;
	JsonObject *root = build(parser, &report);
	JsonObject *row =
	    json_array_get_object_element(json_object_get_array_member(root, "recipients"), 0);
	JsonArray *addresses = json_object_get_array_member(row, "addresses");

	g_assert_cmpstr(json_object_get_string_member(root, "kind"), ==, "dsn");
	g_assert_cmpint(json_object_get_int_member(root, "size"), ==, 4312);
	g_assert_true(json_object_get_boolean_member(
	    json_object_get_object_member(root, "envelope"), "own_mta"));
	g_assert_cmpuint(json_array_get_length(json_object_get_array_member(root, "references")),
			 ==, 2);
	g_assert_cmpstr(json_object_get_string_member(row, "diagnostic"), ==, "no\nuser");
	g_assert_cmpstr(json_object_get_string_member(row, "action"), ==, "failed");
	g_assert_cmpstr(json_object_get_string_member(row, "reason"), ==, "user_unknown");
	g_assert_cmpstr(json_object_get_string_member(row, "permanence"), ==, "permanent");
	g_assert_cmpstr(json_object_get_string_member(row, "evidence"), ==, "5.1.1 \"quoted\"\n");
	g_assert_cmpuint(json_array_get_length(addresses), ==, 2);
	g_assert_cmpstr(json_array_get_string_element(addresses, 0), ==,
			"user@xn--bcher-kva.example");
	g_assert_cmpstr(json_array_get_string_element(addresses, 1), ==,
			"user@b\xC3\xBC"
			"cher.example");
}

static void check_spellings(void)
{
	static const struct {
		const char *address;
		const char *spellings; /* by blanks */
	} rows[] = {
	    {"", ""},
	    {"Local", "local"},
	    {"A.B@Example.ORG", "a.b@example.org"},
	    {"a@example.org.", "a@example.org"},
	    {"a@B\xC3\x9C"
	     "CHER.example",
	     "a@b\xC3\xBC"
	     "cher.example a@xn--bcher-kva.example"},
	    {"a@xn--bcher-kva.example", "a@xn--bcher-kva.example a@b\xC3\xBC"
					"cher.example"},
	    {"a@xn--.example", "a@xn--.example"},
	    {"\xC3\xBC@example.org", "\xC3\xBC@example.org"},
	    {"a@b@example.org", "a@b@example.org"},
	    {"@", "@"},
	    {".", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) spellings = g_ptr_array_new_with_free_func(g_free);
		address_spelling_add_all(rows[i].address, spellings);
		address_spelling_add_all(rows[i].address, spellings);
		g_ptr_array_add(spellings, NULL);
		g_autofree char *joined = g_strjoinv(" ", (char **)spellings->pdata);
		g_assert_cmpstr(joined, ==, rows[i].spellings);
	}
}

/* What goes into the envelope; nothing but the domain changes. */
static void check_wire(void)
{
	static const char *const rows[][2] = {
	    {"", ""},
	    {"A.B@Example.ORG", "A.B@Example.ORG"},
	    {"A@B\xC3\x9C"
	     "CHER.example",
	     "A@xn--bcher-kva.example"},
	    {"\xC3\xBC@example.org", "\xC3\xBC@example.org"},
	    {"a@b\xC3\xBC@example.org", "a@b\xC3\xBC@example.org"},
	    {"a@\xFF.example", "a@\xFF.example"}, /* no domain: as it is */
	    {"a@\xCC\x81.example", "a@\xCC\x81.example"},
	    {"\xC3\xBC", "\xC3\xBC"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *address = address_spelling_for_wire(rows[i][0]);

		g_assert_cmpstr(address, ==, rows[i][1]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/document/keys", check_keys);
	g_test_add_func("/document/values", check_values);
	g_test_add_func("/document/spellings", check_spellings);
	g_test_add_func("/document/wire", check_wire);
	return g_test_run();
}
