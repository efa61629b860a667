/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Makes up the report around the text.
 */
#include "classifier/rule_judge.h"

#include <stdbool.h>
#include <string.h>

#include "classifier/codes.h"

static enum rule_field first_field(const struct rule *rule)
{
	enum rule_field field = RULE_FIELD_DIAGNOSTIC;

	while (rule != NULL && field < RULE_FIELD_COUNT - 1 && (rule->look & (1U << field)) == 0)
		field++;
	return field;
}

void rule_judge(const struct ruleset *rules, const struct rule *rule, const char *text, struct verdict *verdict_out)
{
	static const char *const nobody[] = {NULL};
	const char *field[RULE_FIELD_COUNT];
	char status[CODE_STATUS_SIZE] = "";
	char reply[4] = "";

	for (size_t i = 0; i < RULE_FIELD_COUNT; i++)
		field[i] = i == first_field(rule) ? text : "";
	if (g_ascii_isdigit(text[0]) && g_ascii_isdigit(text[1]) && g_ascii_isdigit(text[2]))
		memcpy(reply, text, 3);
	status_in_text(text, status);
	struct report_recipient recipient = {.recipient = "user@example.org",
					     .original_recipient = "",
					     .action = REPORT_ACTION_FAILED,
					     .status = status,
					     .reply_code = reply,
					     .diagnostic = field[RULE_FIELD_DIAGNOSTIC],
					     .diagnostic_type = "smtp",
					     .remote_mta = field[RULE_FIELD_REMOTE_MTA],
					     .final_log_id = "",
					     .last_attempt_date = "",
					     .will_retry_until = "",
					     .source = ""};
	struct report report = {
	    .kind = REPORT_DSN,
	    .dialect = "",
	    .header = {.from = field[RULE_FIELD_FROM], .subject = field[RULE_FIELD_SUBJECT], .to = nobody},
	    .original = {.from = "sender@sender.example", .sender = "", .to = nobody},
	    .auto_submitted = "",
	    .reporting_mta = field[RULE_FIELD_REPORTING_MTA],
	    .feedback_type = "",
	    .return_date = "",
	    .references = nobody,
	    .recipients = &recipient,
	    .recipient_count = 1,
	    .text = field[RULE_FIELD_TEXT]};
	classify(rules, &report, &recipient, verdict_out);
}
