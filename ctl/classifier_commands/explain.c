/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The whole story of one message. Text from outside goes through printable_text_excerpt.
 */
#include "ctl/classifier_commands/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/printable_text.h"
#include "classifier/rules/codes.h"
#include "classifier/verdict/classify.h"
#include "ctl/terminal/table_text.h"

/* Characters of a value that are shown; a diagnostic may be longer. */
enum { SHOWN = 200, SHOWN_LONG = 1000 };

static void print_value(const char *name, const char *value, size_t limit)
{
	g_autofree char *shown = printable_text_excerpt(value, limit);

	if (value[0] != '\0')
		printf("    %-20s %s\n", name, shown);
}

static void print_code(const char *name, const char *value, const struct code *code)
{
	g_autofree char *shown = printable_text_excerpt(value, SHOWN);

	if (value[0] != '\0')
		printf("    %-20s %s%s%s%s\n", name, shown, code ? "  (" : "",
		       code ? code->meaning : "",
		       !code                         ? ""
		       : code->trust == CODE_CERTAIN ? ")"
						     : "; vague)");
}

/* --- what was read ------------------------------------------------------ */

static const char *kind_meaning(enum report_kind kind)
{
	switch (kind) {
	case REPORT_DSN:
		return "a delivery status notification, RFC 3464";
	case REPORT_PROSE:
		return "a failure, told in words";
	case REPORT_DELAY:
		return "not delivered yet, still being tried";
	case REPORT_SUCCESS:
		return "delivered, or passed on";
	case REPORT_READ_RECEIPT:
		return "of a person who has read it, or not; RFC 8098";
	case REPORT_COMPLAINT:
		return "a person calls it spam, RFC 5965";
	case REPORT_FEEDBACK:
		return "about a mail, and no complaint; RFC 5965, RFC 6591";
	case REPORT_CHALLENGE:
		return "the sender is to prove that he is one";
	case REPORT_AUTO_REPLY:
		return "out of office and the like";
	case REPORT_OTHER:
		return "an ordinary mail: no report of any kind";
	}
	return "";
}

/* Where in the message a dialect finds what it says. */
static const char *dialect_meaning(const char *dialect)
{
	static const struct {
		const char *dialect;
		const char *meaning;
	} known[] = {
	    {"", ""},
	    {"rfc3464", "the fields of its delivery status"},
	    {"mdn", "the fields of its disposition notification"},
	    {"arf", "the fields of its feedback report"},
	    {"jmrp", "the mail that came with it"},
	    {"amazon-ses", "the JSON of an Amazon SES notification"},
	    {"rfc3834", "its header, RFC 3834"},
	    {"words", "its words"},
	    {"challenge", "its words"},
	    {"prose", "its words, which are of no known mail system"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
		if (strcmp(known[i].dialect, dialect) == 0)
			return known[i].meaning;
	return "its words, as that mail system writes them";
}

static void print_meant(const char *name, const char *value, const char *meaning)
{
	g_autofree char *both =
	    *meaning == '\0' ? g_strdup(value) : g_strdup_printf("%s  (%s)", value, meaning);

	if (*value != '\0')
		print_value(name, both, SHOWN);
}

static void print_report(const struct report *report)
{
	printf("  read from the message\n");
	print_meant("kind", report_kind_name(report->kind), kind_meaning(report->kind));
	print_meant("read from", report->dialect, dialect_meaning(report->dialect));
	print_value("from", report->header.from, SHOWN);
	print_value("subject", report->header.subject, SHOWN);
	print_value("message id", report->header.message_id, SHOWN);
	print_value("auto-submitted", report->auto_submitted, SHOWN);
	print_value("reporting mta", report->facts.reporting_mta, SHOWN);
	print_value("feedback type", report->facts.feedback_type, SHOWN);
	print_value("return date", report->facts.return_date, SHOWN);
	print_value("new address", report->facts.new_address, SHOWN);
	print_value("says so in", report->facts.change_words, SHOWN);
	if (report->truncated)
		printf("    %-20s %s\n", "truncated", "a limit cut the message");
}

static void print_original(const struct report *report)
{
	printf("  about the mail that came back\n");
	print_value("message id", report->original.message_id, SHOWN);
	print_value("envelope id", report->facts.envelope_id, SHOWN);
	print_value("communication id", report->original_communication_id, SHOWN);
	print_value("queue id", report->original_queue_id, SHOWN);
	print_value("from", report->original.from, SHOWN);
	print_value("subject", report->original.subject, SHOWN);
	if (*report->original.message_id == '\0' && *report->facts.envelope_id == '\0' &&
	    *report->original.from == '\0' && *report->original.subject == '\0')
		printf("    nothing is said of it\n");
}

static void print_recipient(const struct report_recipient *recipient)
{
	g_autofree char *shown = printable_text_excerpt(recipient->recipient, SHOWN);

	printf("  recipient %s\n", shown);
	print_meant("read from", recipient->source, dialect_meaning(recipient->source));
	print_value("original recipient", recipient->original_recipient, SHOWN);
	print_value("action", report_action_name(recipient->action), SHOWN);
	print_code("status", recipient->status, code_find_status(recipient->status));
	print_code("reply code", recipient->reply_code, code_find_reply(recipient->reply_code));
	print_value("remote mta", recipient->remote_mta, SHOWN);
	print_value("diagnostic", recipient->diagnostic, SHOWN_LONG);
}

/* --- who says what ------------------------------------------------------ */

static void print_opinion(const char *step, const struct verdict *verdict, void *data)
{
	bool *is_first = data;
	g_autofree char *evidence = printable_text_excerpt(verdict->evidence, SHOWN);

	if (g_str_has_prefix(verdict->rule, "action:"))
		step = "its action";
	printf("    %s %-15s %-32s %-22s \"%s\"\n", *is_first ? "=>" : "  ", step,
	       verdict->rule[0] != '\0' ? verdict->rule : "-", verdict->reason->name, evidence);
	*is_first = false;
}

static const char *consequence(const struct verdict *verdict)
{
	switch (verdict->class) {
	case CLASS_HARD:
		return "the communication has bounced; the address is blocked if the report can be "
		       "trusted, and a "
		       "person gets a task";
	case CLASS_SOFT:
		return "the communication is sent again later; when the attempts are used up, a "
		       "person gets a task";
	case CLASS_AUTO_REPLY:
		return "logged beside the communication; nothing changes";
	case CLASS_TECHNICAL:
		return verdict->reason->is_notice
			   ? "logged beside the communication; nothing changes"
			   : "the communication has bounced and is not sent again; gathered in "
			     "one task for the reason and domain";
	case CLASS_UNCLASSIFIED:
		return "stored, and forwarded to the operator's mailbox";
	}
	return "";
}

static const char *permanence_meaning(enum permanence permanence)
{
	switch (permanence) {
	case PERMANENCE_PERMANENT:
		return "final";
	case PERMANENCE_TEMPORARY:
		return "passing";
	case PERMANENCE_UNKNOWN:
		return "not whether it is final";
	}
	return "";
}

/* Who decided: a rule, which stands in a file; a code; what the report is. */
static void print_decider(const struct ruleset *rules, const struct verdict *verdict)
{
	const struct rule *rule = ruleset_find(rules, verdict->rule);
	const struct code *code =
	    g_str_has_prefix(verdict->rule, "status:")  ? code_find_status(verdict->evidence)
	    : g_str_has_prefix(verdict->rule, "reply:") ? code_find_reply(verdict->evidence)
							: NULL;

	if (rule) {
		printf("    %-20s rule %s, %s:%u\n", "decided by", rule->id, rule->file,
		       rule->line);
		print_value("why", rule->why, SHOWN);
	} else if (code) {
		print_meant("decided by", verdict->rule, code->meaning);
	} else {
		print_meant("decided by", verdict->rule[0] != '\0' ? verdict->rule : "nothing",
			    g_str_has_prefix(verdict->rule, "kind:") ? "what the report is"
			    : g_str_has_prefix(verdict->rule, "action:")
				? "what was done to the mail"
				: "");
	}
}

static void print_verdict(const struct ruleset *rules, const struct report *report,
			  const struct report_recipient *recipient)
{
	struct verdict verdict;
	bool is_first = true;
	struct classify_listener listener = {.on_step = print_opinion, .data = &is_first};

	printf("  who says what, in the order of decision (=> decides)\n");
	classify_explain(rules, report, recipient, &listener);
	if (is_first)
		printf("       nothing\n");
	classify(rules, report, recipient, &verdict);
	printf("  verdict\n");
	print_meant("reason", verdict.reason->name, verdict.reason->meaning);
	print_value("the codes say", permanence_meaning(verdict.permanence), SHOWN);
	print_meant("class", reason_class_name(verdict.class),
		    verdict.reason->class == verdict.reason->class_temporary
			? "that of the reason, whatever the codes say"
			: "that of the reason with such codes");
	print_decider(rules, &verdict);
	print_value("what follows", consequence(&verdict), SHOWN);
	verdict_clear(&verdict);
}

void explain_message(const struct ruleset *rules, const char *file, const struct report *report)
{
	g_autofree char *valid = g_utf8_make_valid(file, -1);
	g_autofree char *name = printable_text_excerpt(valid, SHOWN_LONG);

	printf("%s\n", name);
	print_report(report);
	print_original(report);
	for (size_t i = 0; i < report->recipient_count; i++) {
		print_recipient(&report->recipients[i]);
		print_verdict(rules, report, &report->recipients[i]);
	}
	if (report->recipient_count == 0) {
		printf("  no recipient is named\n");
		print_verdict(rules, report, NULL);
	}
	printf("\n");
}
