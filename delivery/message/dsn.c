/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 3464 section 2.1:
 *   delivery-status-content = per-message-fields 1*( CRLF per-recipient-fields )
 */
#include "delivery/message/dsn.h"

#include <stdbool.h>

#include <json-glib/json-glib.h>

#include "base/error.h"
#include "base/printable_text.h"

enum {
	DIAGNOSTIC_MAX = 900, /* characters: a line has at most 998 bytes */
	SUBJECT_MAX = 60,
};

static const char *document_member(JsonObject *object, const char *name)
{
	return json_object_get_string_member_with_default(object, name, "");
}

/* Printable ASCII of at most max characters. */
static char *plain(const char *text, gsize max)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *out = g_string_new(NULL);

	for (const char *p = valid; *p != '\0' && out->len < max; p = g_utf8_next_char(p))
		g_string_append_c(out, g_ascii_isspace(*p) ? ' ' : g_ascii_isprint(*p) ? *p : '?');
	return g_string_free(out, FALSE);
}

/* RFC 6533 section 3, utf-8-addr-xtext, where the address is not ASCII. */
static char *typed_address(const char *address)
{
	g_autofree char *valid = g_utf8_make_valid(address, -1);

	if (g_str_is_ascii(valid))
		return g_strconcat("rfc822; ", valid, NULL);
	GString *out = g_string_new("utf-8; ");
	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar character = g_utf8_get_char(p);

		if (character < 0x80 && character != '\\')
			g_string_append_c(out, *p);
		else
			g_string_append_printf(out, "\\x{%X}", character);
	}
	return g_string_free(out, FALSE);
}

/* RFC 5322 section 3.3 from RFC 3339; NULL when it cannot be read. */
static char *mail_date(const char *rfc3339)
{
	g_autoptr(GDateTime) local = g_date_time_new_from_iso8601(rfc3339, NULL);
	g_autoptr(GDateTime) utc = !local ? NULL : g_date_time_to_utc(local);

	return !utc ? NULL : g_date_time_format(utc, "%a, %d %b %Y %H:%M:%S +0000");
}

static void append_date(GString *out, const char *name, const char *rfc3339)
{
	g_autofree char *date = mail_date(rfc3339);

	if (date)
		g_string_append_printf(out, "%s: %s\n", name, date);
}

static void append_recipient(GString *out, JsonObject *recipient)
{
	g_autofree char *address = typed_address(document_member(recipient, "address"));
	g_autofree char *diagnostic =
	    plain(document_member(recipient, "diagnostic"), DIAGNOSTIC_MAX);

	g_string_append_printf(out, "\nOriginal-Recipient: %s\nFinal-Recipient: %s\n", address,
			       address);
	g_string_append_printf(out, "Action: %s\nStatus: %s\n",
			       document_member(recipient, "action"),
			       document_member(recipient, "status"));
	/* Section 2.3.6: the words of a server. A block has none, and nothing was tried. */
	if (json_object_has_member(recipient, "last_attempt_date")) {
		g_string_append_printf(out, "Diagnostic-Code: smtp; %s\n", diagnostic);
		append_date(out, "Last-Attempt-Date",
			    document_member(recipient, "last_attempt_date"));
	}
}

static char *status_fields(JsonObject *facts, JsonObject *original, JsonArray *recipients)
{
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "Reporting-MTA: dns; %s\nOriginal-Envelope-Id: %s\n",
			       document_member(facts, "reporting_mta"),
			       document_member(original, "envelope_id"));
	append_date(out, "Arrival-Date", document_member(original, "arrival_date"));
	for (guint i = 0; i < json_array_get_length(recipients); i++)
		append_recipient(out, json_array_get_object_element(recipients, i));
	return g_string_free(out, FALSE);
}

static char *explanation(JsonObject *facts, JsonObject *original, JsonArray *recipients)
{
	const char *reference = document_member(facts, "business_ref");
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < json_array_get_length(recipients); i++) {
		JsonObject *recipient = json_array_get_object_element(recipients, i);

		g_string_append_printf(out,
				       "%sThe mail \"%s\" (%s%s%s) to %s was not delivered and is "
				       "not tried again.\n\n%s\n",
				       i == 0 ? "" : "\n", document_member(original, "subject"),
				       document_member(facts, "process"),
				       *reference == '\0' ? "" : " ", reference,
				       document_member(recipient, "address"),
				       document_member(recipient, "diagnostic"));
	}
	g_string_replace(out, "\r", "", 0); /* a reply may have several lines */
	g_autofree char *text = g_string_free(out, FALSE);
	return printable_text_clean(text, true, PRINTABLE_TEXT_KEEP_LINES);
}

static char *header_fields(JsonObject *original)
{
	g_autofree char *from = plain(document_member(original, "from"), DIAGNOSTIC_MAX);
	g_autofree char *to = plain(document_member(original, "to"), DIAGNOSTIC_MAX);

	return g_strdup_printf("Message-ID: <%s>\nX-Communication-ID: %s\nFrom: <%s>\nTo: <%s>\n",
			       document_member(original, "message_id"),
			       document_member(original, "envelope_id"), from, to);
}

static JsonObject *read_facts(JsonParser *parser, const char *json)
{
	if (!json_parser_load_from_data(parser, json, -1, NULL) ||
	    !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
		return NULL;
	JsonObject *facts = json_node_get_object(json_parser_get_root(parser));
	JsonNode *original = json_object_get_member(facts, "original");
	JsonNode *recipients = json_object_get_member(facts, "recipients");
	bool is_whole = original && JSON_NODE_HOLDS_OBJECT(original) && recipients &&
			JSON_NODE_HOLDS_ARRAY(recipients) &&
			json_array_get_length(json_node_get_array(recipients)) > 0;

	return is_whole ? facts : NULL;
}

struct dsn *dsn_new(const char *facts, GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *object = read_facts(parser, facts);

	if (!object) {
		g_set_error(error, BM_ERROR, BM_ERROR_INPUT, "notice: not the facts of one");
		return NULL;
	}
	JsonObject *original = json_object_get_object_member(object, "original");
	JsonArray *recipients = json_object_get_array_member(object, "recipients");
	g_autofree char *subject = g_utf8_make_valid(document_member(original, "subject"), -1);
	struct dsn *dsn = g_new0(struct dsn, 1);

	dsn->explanation = explanation(object, original, recipients);
	dsn->status_fields = status_fields(object, original, recipients);
	dsn->header_fields = header_fields(original);
	dsn->subject = g_utf8_substring(subject, 0, MIN(g_utf8_strlen(subject, -1), SUBJECT_MAX));
	return dsn;
}

void dsn_free(struct dsn *dsn)
{
	if (!dsn)
		return;
	g_free(dsn->explanation);
	g_free(dsn->status_fields);
	g_free(dsn->header_fields);
	g_free(dsn->subject);
	g_free(dsn);
}
