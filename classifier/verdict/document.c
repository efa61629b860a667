/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writes the document of document.h, member by member in that order.
 */
#include "classifier/verdict/document.h"

#include <json-glib/json-glib.h>

#include "classifier/text/address_spelling.h"

static void put(JsonBuilder *builder, const char *name, const char *value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_string_value(builder, value);
}

static void put_flag(JsonBuilder *builder, const char *name, gboolean value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_boolean_value(builder, value);
}

static void put_list(JsonBuilder *builder, const char *name, const char *const *values)
{
	json_builder_set_member_name(builder, name);
	json_builder_begin_array(builder);
	for (; *values; values++)
		json_builder_add_string_value(builder, *values);
	json_builder_end_array(builder);
}

static void begin_member(JsonBuilder *builder, const char *name)
{
	json_builder_set_member_name(builder, name);
	json_builder_begin_object(builder);
}

static void put_envelope(JsonBuilder *builder, const struct envelope *envelope)
{
	begin_member(builder, "envelope");
	put(builder, "sender", envelope->sender);
	put_list(builder, "recipients", envelope->recipients);
	put(builder, "queue_id", envelope->queue_id);
	put(builder, "client", envelope->client);
	put_flag(builder, "own_mta", envelope->own_mta);
	json_builder_end_object(builder);
}

static void put_header(JsonBuilder *builder, const struct report_header *header)
{
	put(builder, "message_id", header->message_id);
	put(builder, "from", header->from);
	put(builder, "sender", header->sender);
	put(builder, "subject", header->subject);
	put(builder, "date", header->date);
	put_list(builder, "to", header->to);
}

static void put_message(JsonBuilder *builder, const struct report *report)
{
	begin_member(builder, "header");
	put_header(builder, &report->header);
	put(builder, "auto_submitted", report->auto_submitted);
	json_builder_end_object(builder);

	begin_member(builder, "report");
	put(builder, "reporting_mta", report->reporting_mta);
	put(builder, "received_from_mta", report->received_from_mta);
	put(builder, "dsn_gateway", report->dsn_gateway);
	put(builder, "arrival_date", report->arrival_date);
	put(builder, "envelope_id", report->envelope_id);
	put(builder, "feedback_type", report->feedback_type);
	put(builder, "return_date", report->return_date);
	put(builder, "new_address", report->new_address);
	json_builder_end_object(builder);

	begin_member(builder, "original");
	put_header(builder, &report->original);
	put(builder, "communication_id", report->original_communication_id);
	put(builder, "queue_id", report->original_queue_id);
	json_builder_end_object(builder);

	put_list(builder, "references", report->references);
}

static void put_addresses(JsonBuilder *builder, const struct report_recipient *recipient)
{
	g_autoptr(GPtrArray) spellings = g_ptr_array_new_with_free_func(g_free);

	address_spelling_add_all(recipient->original_recipient, spellings);
	address_spelling_add_all(recipient->recipient, spellings);
	g_ptr_array_add(spellings, NULL);
	put_list(builder, "addresses", (const char *const *)spellings->pdata);
}

static void put_recipient(JsonBuilder *builder, const struct report_recipient *recipient,
			  const struct verdict *verdict)
{
	json_builder_begin_object(builder);
	put(builder, "recipient", recipient->recipient);
	put(builder, "original_recipient", recipient->original_recipient);
	put_addresses(builder, recipient);
	put(builder, "action", report_action_name(recipient->action));
	put(builder, "status", recipient->status);
	put(builder, "reply_code", recipient->reply_code);
	put(builder, "diagnostic", recipient->diagnostic);
	put(builder, "diagnostic_type", recipient->diagnostic_type);
	put(builder, "remote_mta", recipient->remote_mta);
	put(builder, "final_log_id", recipient->final_log_id);
	put(builder, "last_attempt_date", recipient->last_attempt_date);
	put(builder, "will_retry_until", recipient->will_retry_until);
	put(builder, "source", recipient->source);
	put(builder, "reason", verdict->reason->name);
	put(builder, "permanence", permanence_name(verdict->permanence));
	put(builder, "rule", verdict->rule);
	put(builder, "evidence", verdict->evidence);
	json_builder_end_object(builder);
}

static void put_recipients(JsonBuilder *builder, const struct report *report,
			   const struct verdict *verdicts)
{
	json_builder_set_member_name(builder, "recipients");
	json_builder_begin_array(builder);
	for (size_t i = 0; i < report->recipient_count; i++)
		put_recipient(builder, &report->recipients[i], &verdicts[i]);
	if (report->recipient_count == 0)
		put_recipient(builder, &report_recipient_empty, &verdicts[0]);
	json_builder_end_array(builder);
}

static void put_size(JsonBuilder *builder, size_t size)
{
	json_builder_set_member_name(builder, "size");
	json_builder_add_int_value(builder, (gint64)size);
}

JsonNode *document_node(const struct report *report, const struct verdict *verdicts,
			const struct envelope *envelope)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "version");
	json_builder_add_int_value(builder, 1);
	put(builder, "source", envelope->source);
	put(builder, "kind", report_kind_name(report->kind));
	put(builder, "dialect", report->dialect);
	put_flag(builder, "truncated", report->truncated);
	put_size(builder, envelope->size);
	put(builder, "digest", report->digest);
	put_envelope(builder, envelope);
	put_message(builder, report);
	put_recipients(builder, report, verdicts);
	json_builder_end_object(builder);
	return json_builder_get_root(builder);
}

char *document_build(const struct report *report, const struct verdict *verdicts,
		     const struct envelope *envelope)
{
	g_autoptr(JsonNode) root = document_node(report, verdicts, envelope);

	return json_to_string(root, FALSE);
}
