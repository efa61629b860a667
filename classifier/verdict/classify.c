/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The steps of classify.h, one function each, and the loop that takes them in
 * order. What counts as evidence is in the rules and codes, not here.
 */
#include "classifier/verdict/classify.h"

#include <string.h>

#include "classifier/rules/codes.h"
#include "classifier/text/status_code.h"
#include "classifier/verdict/evidence.h"
#include "classifier/verdict/gate.h"
#include "classifier/verdict/misspelling.h"
#include "classifier/verdict/question.h"
#include "classifier/verdict/statement.h"

/* Paragraphs of the text that are classified one by one. */
#define PARAGRAPHS 20

static bool decide(struct verdict *verdict, enum reason_id reason, const char *rule,
		   const char *evidence)
{
	verdict_set(verdict, reason, rule, evidence);
	return true;
}

static bool by_reply_words(const struct report *report, struct verdict *verdict)
{
	if (report->facts.has_left)
		return decide(verdict, REASON_has_left, "words:has_left",
			      report->facts.change_words);
	if (*report->facts.new_address)
		return decide(verdict, REASON_address_changed, "words:new_address",
			      report->facts.change_words);
	return decide(verdict, REASON_vacation, "kind:auto_reply", report->auto_submitted);
}

static bool by_kind(const struct question *question, struct verdict *verdict)
{
	const struct report *report = question->report;

	switch (report->kind) {
	case REPORT_OTHER:
		return decide(verdict, REASON_undetermined, "", "");
	case REPORT_READ_RECEIPT:
		return decide(verdict, REASON_read_receipt, "kind:read_receipt", "");
	case REPORT_COMPLAINT:
		return decide(verdict, REASON_complaint, "kind:complaint",
			      report->facts.feedback_type);
	case REPORT_FEEDBACK:
		return decide(verdict, REASON_feedback, "kind:feedback",
			      report->facts.feedback_type);
	case REPORT_CHALLENGE:
		return decide(verdict, REASON_challenge, "kind:challenge", "");
	case REPORT_AUTO_REPLY:
		return by_reply_words(report, verdict);
	case REPORT_DELAY:
		return question->recipient->action == REPORT_ACTION_NONE &&
		       decide(verdict, REASON_delayed, "kind:delay", "");
	case REPORT_SUCCESS:
		return question->recipient->action == REPORT_ACTION_NONE &&
		       decide(verdict, REASON_delivered, "kind:success", "");
	case REPORT_DSN:
	case REPORT_PROSE:
		return false;
	}
	return false;
}

static bool by_action(const struct question *question, struct verdict *verdict)
{
	const char *action = report_action_name(question->recipient->action);

	switch (question->recipient->action) {
	case REPORT_ACTION_DELAYED:
		return decide(verdict, REASON_delayed, "action:delayed", action);
	case REPORT_ACTION_DELIVERED:
	case REPORT_ACTION_RELAYED:
	case REPORT_ACTION_EXPANDED:
		return decide(verdict, REASON_delivered, "action:delivered", action);
	case REPORT_ACTION_OTHER: /* only "failed" is final, RFC 3464 section 2.3.3 */
		return decide(verdict, REASON_undetermined, "action:other", action);
	case REPORT_ACTION_NONE:
	case REPORT_ACTION_FAILED:
		return false;
	}
	return false;
}

/* --- the steps ------------------------------------------------------------ */

static bool decide_by_tier(const struct question *question, enum rule_tier tier,
			   struct verdict *verdict)
{
	for (guint i = 0; i < question->matches->len; i++) {
		const struct rule_match *match =
		    &g_array_index(question->matches, struct rule_match, i);
		if (match->rule->tier != tier)
			continue;
		question_answer(question, match, verdict);
		if (tier != RULE_TIER_SITE)
			gate_pass(question, match, verdict);
		return true;
	}
	return false;
}

static bool by_status(const struct question *question, enum code_trust trust,
		      struct verdict *verdict)
{
	const struct code *code = code_find_status(question->status);

	if (!code || code->trust != trust)
		return false;
	decide(verdict, code->reason, code->id, question->status);
	gate_pass(question, NULL, verdict);
	return true;
}

/* Words that are better than a vague code are better than a clear one where they speak of
 * something else than the address: "5.1.1 message refused by our policy". */
static bool is_contradicted(const struct question *question)
{
	const struct code *code = code_find_status(question->status);

	if (!code || !gate_guards(reason_get(code->reason)))
		return false;
	for (guint i = 0; i < question->matches->len; i++) {
		const struct rule *rule =
		    g_array_index(question->matches, struct rule_match, i).rule;
		if (rule->tier == RULE_TIER_NORMAL)
			return !gate_guards(rule->reason);
	}
	return false;
}

/* A code that was made up for a reply says at most that there was one. */
static bool is_doubtful_verdict(const struct question *question)
{
	const struct code *code = code_find_status(question->status);

	return code && question->is_status_made_up && gate_guards(reason_get(code->reason));
}

static bool by_certain_status(struct question *question, struct verdict *verdict)
{
	return !is_doubtful_verdict(question) && !is_contradicted(question) &&
	       by_status(question, CODE_CERTAIN, verdict);
}

static bool by_vague_status(struct question *question, struct verdict *verdict)
{
	return by_status(question, CODE_VAGUE, verdict);
}

static bool by_doubtful_status(struct question *question, struct verdict *verdict)
{
	return is_doubtful_verdict(question) &&
	       decide(verdict, REASON_recipient_refused, "status:made-up", question->status);
}

/* Matches other words in place of the diagnostic. */
static bool by_words(struct question *question, const char *words, struct verdict *verdict)
{
	GArray *of_diagnostic = g_steal_pointer(&question->matches);
	question_match(question, words);
	bool decided = decide_by_tier(question, RULE_TIER_SITE, verdict) ||
		       decide_by_tier(question, RULE_TIER_STRONG, verdict) ||
		       decide_by_tier(question, RULE_TIER_NORMAL, verdict);
	g_array_unref(question->matches);
	question->matches = of_diagnostic;
	question->input.field[RULE_FIELD_DIAGNOSTIC] = question->diagnostic;
	return decided;
}

/* By paragraph, because "unless" is meant for words close by: the end of a mail may be about
 * its headers, or name a contact. */
static bool by_paragraph(struct question *question, struct verdict *verdict)
{
	g_auto(GStrv) paragraphs = g_strsplit(question->report->text, "\n\n", PARAGRAPHS + 1);

	for (size_t i = 0; i < PARAGRAPHS && paragraphs[i]; i++) {
		g_autofree char *words = question_fold_words(question, paragraphs[i]);
		if (by_words(question, words, verdict))
			return true;
	}
	return false;
}

/* Domino gives the reason in the subject, and sometimes nowhere else. */
static bool by_subject(struct question *question, struct verdict *verdict)
{
	static const char lead[] = "DELIVERY FAILURE: User ";
	const char *subject = question->report->header.subject;
	if (strncmp(subject, lead, sizeof lead - 1) != 0)
		return false;
	g_autofree char *words = question_fold_words(question, subject);
	return by_words(question, words, verdict);
}

/* The human-readable text is about all recipients at once. */
static bool by_text(struct question *question, struct verdict *verdict)
{
	char status[STATUS_CODE_SIZE];

	if (question->report->text[0] == '\0' || question_count_failed(question->report) > 1)
		return false;
	if (question->text[0] == '\0') {
		g_free(question->text);
		question->text = question_fold_words(question, question->report->text);
		question->input.field[RULE_FIELD_TEXT] = question->text;
	}
	if (question->permanence == PERMANENCE_UNKNOWN &&
	    status_code_find_failure(question->text, status))
		question->permanence = permanence_of_codes(status, "");
	return by_words(question, question->text, verdict) || by_paragraph(question, verdict) ||
	       by_subject(question, verdict);
}

/* Asked only where the words as they are say nothing: no rule needs to know a word of another
 * language, or of the site, for one that is spelt right. Leaves the verdict if that says nothing
 * either. */
static bool by_spelling(struct question *question, struct verdict *verdict)
{
	struct verdict found = {.rule = ""};
	g_autofree char *words = misspelling_correct(question->diagnostic, statement_has_word);

	if (strcmp(words, question->diagnostic) == 0 || !by_words(question, words, &found))
		return false;
	verdict_clear(verdict);
	*verdict = found;
	return true;
}

static bool by_reply(struct question *question, struct verdict *verdict)
{
	const char *reply_code = question->reply_code;
	const struct code *code = code_find_reply(reply_code);

	/* 552 is said of messages too: where other words go with it, they are not of a quota */
	if (strcmp(reply_code, "552") == 0 && evidence_speaks(question->diagnostic))
		return false;
	return code && decide(verdict, code->reason, code->id, reply_code);
}

static bool by_step(struct question *question, struct verdict *verdict)
{
	return gate_decide_by_step(question, verdict);
}

static bool by_giving_up(struct question *question, struct verdict *verdict)
{
	return question->permanence == PERMANENCE_TEMPORARY &&
	       decide(verdict, REASON_expired, "status:4.*", question->status);
}

/* The steps of classify.h from the second on. */
static const struct step {
	const char *name;
	enum rule_tier tier; /* if decide is NULL */
	bool (*decide)(struct question *question, struct verdict *verdict);
} steps[] = {
    {"site rule", RULE_TIER_SITE, NULL},
    {"strong rule", RULE_TIER_STRONG, NULL},
    {"certain status", RULE_TIER_SITE, by_certain_status},
    {"normal rule", RULE_TIER_NORMAL, NULL},
    {"readable text", RULE_TIER_SITE, by_text},
    {"spelt right", RULE_TIER_SITE, by_spelling},
    {"vague status", RULE_TIER_SITE, by_vague_status},
    {"weak rule", RULE_TIER_WEAK, NULL},
    {"made-up status", RULE_TIER_SITE, by_doubtful_status},
    {"reply code", RULE_TIER_SITE, by_reply},
    {"SMTP step", RULE_TIER_SITE, by_step},
    {"gave up", RULE_TIER_SITE, by_giving_up},
};

static bool take_step(const struct step *step, struct question *question, struct verdict *verdict)
{
	return step->decide ? step->decide(question, verdict)
			    : decide_by_tier(question, step->tier, verdict);
}

static void decide_failure(struct question *question, struct verdict *verdict)
{
	bool decided = false;

	for (size_t i = 0; i < G_N_ELEMENTS(steps) && !decided; i++)
		decided = take_step(&steps[i], question, verdict);
	if (!decided)
		decide(verdict, REASON_undetermined, "", "");
	else if (strcmp(verdict->rule, GATE_NO_STATEMENT) == 0)
		by_spelling(question, verdict);
}

void classify(const struct ruleset *rules, const struct report *report,
	      const struct report_recipient *recipient, struct verdict *verdict_out)
{
	struct question question = question_about(rules, report, recipient);
	struct verdict verdict = {.rule = ""};

	if (by_kind(&question, &verdict) || by_action(&question, &verdict)) {
		verdict.permanence =
		    permanence_of_codes(question.recipient->status, question.recipient->reply_code);
	} else {
		question_read(&question);
		decide_failure(&question, &verdict);
		verdict.permanence = question.permanence;
		question_clear(&question);
	}
	verdict.class = reason_class(verdict.reason, verdict.permanence);
	*verdict_out = verdict;
}

/* --- explaining --------------------------------------------------------- */

static void explain(const struct question *question, const struct step *step,
		    struct verdict *verdict, const struct classify_listener *listener)
{
	verdict->permanence = question->permanence;
	verdict->class = reason_class(verdict->reason, verdict->permanence);
	listener->on_step(step->name, verdict, listener->data);
	verdict_clear(verdict);
}

static void explain_tier(const struct question *question, const struct step *step,
			 const struct classify_listener *listener)
{
	for (guint i = 0; i < question->matches->len; i++) {
		const struct rule_match *match =
		    &g_array_index(question->matches, struct rule_match, i);
		struct verdict verdict = {.rule = ""};
		if (match->rule->tier != step->tier)
			continue;
		question_answer(question, match, &verdict);
		explain(question, step, &verdict, listener);
	}
}

void classify_explain(const struct ruleset *rules, const struct report *report,
		      const struct report_recipient *recipient,
		      const struct classify_listener *listener)
{
	static const struct step kind = {.name = "kind of report"};
	struct question question = question_about(rules, report, recipient);
	struct verdict verdict = {.rule = ""};

	if (by_kind(&question, &verdict) || by_action(&question, &verdict)) {
		explain(&question, &kind, &verdict, listener);
		return;
	}
	question_read(&question);
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		if (!steps[i].decide)
			explain_tier(&question, &steps[i], listener);
		else if (steps[i].decide(&question, &verdict))
			explain(&question, &steps[i], &verdict, listener);
	}
	question_clear(&question);
}
