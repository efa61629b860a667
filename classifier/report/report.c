/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The empty report, the end of one, and the names of kinds and actions.
 */
#include "classifier/report/report.h"

static const char *const no_strings[] = {NULL};

#define HEADER_EMPTY                                                                               \
	{                                                                                          \
		.message_id = "", .from = "", .sender = "", .subject = "", .date = "",             \
		.to = no_strings, .envelope_to = "", .delivered_to = ""                            \
	}

#define FACTS_EMPTY                                                                                \
	{                                                                                          \
		.reporting_mta = "", .received_from_mta = "", .dsn_gateway = "",                   \
		.arrival_date = "", .envelope_id = "", .feedback_type = "", .return_date = "",     \
		.new_address = "", .change_words = ""                                              \
	}

const struct report_header report_header_empty = HEADER_EMPTY;
const struct report_facts report_facts_empty = FACTS_EMPTY;

const struct report_recipient report_recipient_empty = {
    .recipient = "",
    .original_recipient = "",
    .actual_recipient = "",
    .action = REPORT_ACTION_NONE,
    .status = "",
    .reply_code = "",
    .diagnostic = "",
    .diagnostic_type = "",
    .remote_mta = "",
    .final_log_id = "",
    .last_attempt_date = "",
    .will_retry_until = "",
    .source = "",
};

const struct report report_empty = {
    .kind = REPORT_OTHER,
    .dialect = "",
    .header = HEADER_EMPTY,
    .auto_submitted = "",
    .facts = FACTS_EMPTY,
    .original = HEADER_EMPTY,
    .original_communication_id = "",
    .original_queue_id = "",
    .references = no_strings,
    .text = "",
};

void report_free(struct report *report)
{
	if (!report)
		return;
	value_pool_free(report->pool);
	g_free(report);
}

const char *report_kind_name(enum report_kind kind)
{
	static const char *const names[] = {
	    [REPORT_OTHER] = "other",         [REPORT_DSN] = "dsn",
	    [REPORT_PROSE] = "prose",         [REPORT_DELAY] = "delay",
	    [REPORT_SUCCESS] = "success",     [REPORT_READ_RECEIPT] = "read_receipt",
	    [REPORT_COMPLAINT] = "complaint", [REPORT_FEEDBACK] = "feedback",
	    [REPORT_CHALLENGE] = "challenge", [REPORT_AUTO_REPLY] = "auto_reply",
	};
	return names[kind];
}

const char *report_action_name(enum report_action action)
{
	static const char *const names[] = {
	    [REPORT_ACTION_NONE] = "",           [REPORT_ACTION_FAILED] = "failed",
	    [REPORT_ACTION_DELAYED] = "delayed", [REPORT_ACTION_DELIVERED] = "delivered",
	    [REPORT_ACTION_RELAYED] = "relayed", [REPORT_ACTION_EXPANDED] = "expanded",
	    [REPORT_ACTION_OTHER] = "other",
	};
	return names[action];
}
