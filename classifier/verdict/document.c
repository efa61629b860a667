/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writes the document of document.h, member by member in that order.
 */
#include "classifier/verdict/document.h"

#include "base/json_text.h"
#include "classifier/text/address_spelling.h"

enum { ENOUGH = 4096 }; /* bytes; for most documents */

static void put_envelope(GString *out, const struct envelope *envelope)
{
	json_text_open(out, "envelope", '{');
	json_text_add(out, "sender", envelope->sender);
	json_text_add_list(out, "recipients", envelope->recipients);
	json_text_add(out, "queue_id", envelope->queue_id);
	json_text_add(out, "client", envelope->client);
	json_text_add_flag(out, "own_mta", envelope->own_mta);
	json_text_close(out, '}');
}

static void put_header(GString *out, const struct report_header *header)
{
	json_text_add(out, "message_id", header->message_id);
	json_text_add(out, "from", header->from);
	json_text_add(out, "sender", header->sender);
	json_text_add(out, "subject", header->subject);
	json_text_add(out, "date", header->date);
	json_text_add_list(out, "to", header->to);
}

static void put_message(GString *out, const struct report *report)
{
	json_text_open(out, "header", '{');
	put_header(out, &report->header);
	json_text_add(out, "auto_submitted", report->auto_submitted);
	json_text_close(out, '}');

	json_text_open(out, "report", '{');
	json_text_add(out, "reporting_mta", report->facts.reporting_mta);
	json_text_add(out, "received_from_mta", report->facts.received_from_mta);
	json_text_add(out, "dsn_gateway", report->facts.dsn_gateway);
	json_text_add(out, "arrival_date", report->facts.arrival_date);
	json_text_add(out, "envelope_id", report->facts.envelope_id);
	json_text_add(out, "feedback_type", report->facts.feedback_type);
	json_text_add(out, "return_date", report->facts.return_date);
	json_text_add(out, "new_address", report->facts.new_address);
	json_text_close(out, '}');

	json_text_open(out, "original", '{');
	put_header(out, &report->original);
	json_text_add(out, "communication_id", report->original_communication_id);
	json_text_add(out, "queue_id", report->original_queue_id);
	json_text_close(out, '}');

	json_text_add_list(out, "references", report->references);
}

static void put_addresses(GString *out, const struct report_recipient *recipient)
{
	g_autoptr(GPtrArray) spellings = g_ptr_array_new_with_free_func(g_free);

	address_spelling_add_all(recipient->original_recipient, spellings);
	address_spelling_add_all(recipient->recipient, spellings);
	g_ptr_array_add(spellings, NULL);
	json_text_add_list(out, "addresses", (const char *const *)spellings->pdata);
}

static void put_recipient(GString *out, const struct report_recipient *recipient,
			  const struct verdict *verdict)
{
	json_text_open(out, NULL, '{');
	json_text_add(out, "recipient", recipient->recipient);
	json_text_add(out, "original_recipient", recipient->original_recipient);
	put_addresses(out, recipient);
	json_text_add(out, "action", report_action_name(recipient->action));
	json_text_add(out, "status", recipient->status);
	json_text_add(out, "reply_code", recipient->reply_code);
	json_text_add(out, "diagnostic", recipient->diagnostic);
	json_text_add(out, "diagnostic_type", recipient->diagnostic_type);
	json_text_add(out, "remote_mta", recipient->remote_mta);
	json_text_add(out, "final_log_id", recipient->final_log_id);
	json_text_add(out, "last_attempt_date", recipient->last_attempt_date);
	json_text_add(out, "will_retry_until", recipient->will_retry_until);
	json_text_add(out, "source", recipient->source);
	json_text_add(out, "reason", verdict->reason->name);
	json_text_add(out, "permanence", permanence_name(verdict->permanence));
	json_text_add(out, "rule", verdict->rule);
	json_text_add(out, "evidence", verdict->evidence);
	json_text_close(out, '}');
}

static void put_recipients(GString *out, const struct report *report,
			   const struct verdict *verdicts)
{
	json_text_open(out, "recipients", '[');
	for (size_t i = 0; i < report->recipient_count; i++)
		put_recipient(out, &report->recipients[i], &verdicts[i]);
	if (report->recipient_count == 0)
		put_recipient(out, &report_recipient_empty, &verdicts[0]);
	json_text_close(out, ']');
}

char *document_build(const struct report *report, const struct verdict *verdicts,
		     const struct envelope *envelope)
{
	GString *out = g_string_sized_new(ENOUGH);

	json_text_open(out, NULL, '{');
	json_text_add_number(out, "version", 1);
	json_text_add(out, "source", envelope->source);
	json_text_add(out, "kind", report_kind_name(report->kind));
	json_text_add(out, "dialect", report->dialect);
	json_text_add_flag(out, "truncated", report->truncated);
	json_text_add_number(out, "size", envelope->size);
	json_text_add(out, "digest", report->digest);
	put_envelope(out, envelope);
	put_message(out, report);
	put_recipients(out, report, verdicts);
	json_text_close(out, '}');
	return g_string_free(out, FALSE);
}
