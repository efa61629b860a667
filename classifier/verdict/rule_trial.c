/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Builds the report around the text.
 */
#include "classifier/verdict/rule_trial.h"

#include <stdbool.h>
#include <string.h>

#include "classifier/pattern/literal.h"
#include "classifier/text/status_code.h"

static enum rule_field first_field(const struct rule *rule)
{
	enum rule_field field = RULE_FIELD_DIAGNOSTIC;

	while (rule && field < RULE_FIELD_COUNT - 1 && (rule->look & (1U << field)) == 0)
		field++;
	return field;
}

/* A host name that the rule's pattern matches, if the pattern stands for a list of words:
 * "mx.example.net" for "\.example\.(net|org)$". Heap. */
static char *make_host(const struct rule *rule)
{
	if (!rule || rule->host->len == 0)
		return g_strdup("");
	g_auto(GStrv) words = literal_expand(g_array_index(rule->host, struct rule_line, 0).text);
	const char *word = words ? words[0] : "";
	return g_strconcat(*word == '.' ? "mx" : "", word, NULL);
}

bool rule_trial_is_possible(const struct rule *rule)
{
	g_autofree char *host = make_host(rule);

	return rule->host->len == 0 || *host != '\0';
}

/* With a listener every step is explained to it, else verdict_out is set. */
static void trial_run(const struct ruleset *rules, const struct rule *rule, const char *text,
		      const struct classify_listener *listener, struct verdict *verdict_out)
{
	const char *field[RULE_FIELD_COUNT];
	char status[STATUS_CODE_SIZE] = "";
	char reply[4] = "";
	g_autofree char *host = make_host(rule);

	for (size_t i = 0; i < RULE_FIELD_COUNT; i++)
		field[i] = i == first_field(rule) ? text : "";
	if (*host != '\0' && *field[RULE_FIELD_REMOTE_MTA] == '\0')
		field[RULE_FIELD_REMOTE_MTA] = host;
	if (g_ascii_isdigit(text[0]) && g_ascii_isdigit(text[1]) && g_ascii_isdigit(text[2]))
		memcpy(reply, text, 3);
	status_code_find_failure(text, status);
	struct report_recipient recipient = report_recipient_empty;
	recipient.recipient = "user@example.org";
	recipient.action = REPORT_ACTION_FAILED;
	recipient.status = status;
	recipient.reply_code = reply;
	recipient.diagnostic = field[RULE_FIELD_DIAGNOSTIC];
	recipient.diagnostic_type = "smtp";
	recipient.remote_mta = field[RULE_FIELD_REMOTE_MTA];
	struct report report = report_empty;
	report.kind = REPORT_DSN;
	report.header.from = field[RULE_FIELD_FROM];
	report.header.subject = field[RULE_FIELD_SUBJECT];
	report.original.from = "sender@sender.example";
	report.facts.reporting_mta = field[RULE_FIELD_REPORTING_MTA];
	report.recipients = &recipient;
	report.recipient_count = 1;
	report.text = field[RULE_FIELD_TEXT];
	if (listener)
		classify_explain(rules, &report, &recipient, listener);
	else
		classify(rules, &report, &recipient, verdict_out);
}

void rule_trial_judge(const struct ruleset *rules, const struct rule *rule, const char *text,
		      struct verdict *verdict_out)
{
	trial_run(rules, rule, text, NULL, verdict_out);
}

void rule_trial_explain(const struct ruleset *rules, const struct rule *rule, const char *text,
			const struct classify_listener *listener)
{
	trial_run(rules, rule, text, listener, NULL);
}
