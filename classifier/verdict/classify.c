/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The steps of classify.h, one function each, and the loop that takes them in
 * order. What counts as evidence is in the rules and codes, not here.
 */
#include "classifier/verdict/classify.h"

#include <string.h>

#include "classifier/rules/codes.h"
#include "classifier/text/fold.h"
#include "classifier/text/status_code.h"

/* Evidence is shown to people: the words before the end of the match. */
#define EVIDENCE_BYTES 120

/* Paragraphs of the text that are classified one by one. */
#define PARAGRAPHS 20

/* Addresses of the sender that are looked for in the words; mostly there is one. */
#define SENDERS 4

struct question {
	const struct ruleset *rules;
	const struct report *report;
	const struct report_recipient *recipient;
	char *diagnostic;
	char *text;
	char *subject;
	const char *senders[SENDERS + 1];
	char status[STATUS_CODE_SIZE];
	enum permanence permanence;
	struct rule_input input;
	GArray *matches;
};

/* --- what is known of the recipient --------------------------------------- */

static size_t count_failed(const struct report *report)
{
	size_t failed = 0;

	for (size_t i = 0; i < report->recipient_count; i++) {
		enum report_action action = report->recipients[i].action;
		failed += action == REPORT_ACTION_FAILED || action == REPORT_ACTION_NONE;
	}
	return failed;
}

static void question_set_codes(struct question *question)
{
	const struct report_recipient *recipient = question->recipient;
	char found[STATUS_CODE_SIZE];

	g_strlcpy(question->status, recipient->status, sizeof question->status);
	if (status_code_is_generic(recipient->status) &&
	    status_code_find_failure(question->diagnostic, found))
		memcpy(question->status, found, sizeof found);
	question->permanence = permanence_of_codes(question->status, recipient->reply_code);
}

static void question_match(struct question *question, const char *diagnostic)
{
	g_clear_pointer(&question->matches, g_array_unref);
	question->input.field[RULE_FIELD_DIAGNOSTIC] = diagnostic;
	question->matches = ruleset_match(question->rules, &question->input);
}

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}

/* Not an address at the domain of the recipient: the words could be about either. */
static void question_add_sender(struct question *question, const char *address)
{
	const char *domain = domain_of(address);
	size_t count = 0;

	while (question->senders[count])
		count++;
	if (count < SENDERS && domain[0] != '\0' &&
	    g_ascii_strcasecmp(domain, domain_of(question->recipient->recipient)) != 0 &&
	    g_ascii_strcasecmp(domain, domain_of(question->recipient->original_recipient)) != 0)
		question->senders[count] = address;
}

static void question_set_senders(struct question *question)
{
	const struct report *report = question->report;

	question_add_sender(question, report->original.sender);
	question_add_sender(question, report->original.from);
	for (size_t i = 0; i < SENDERS && report->header.to[i]; i++)
		question_add_sender(question, report->header.to[i]);
}

/* Folded only if a rule looks at the field: the text is long and seldom needed. */
static char *question_fold(const struct question *question, enum rule_field field, const char *text)
{
	return ruleset_looks_at(question->rules, field) ? fold_text(text, question->senders)
							: g_strdup("");
}

static void question_init(struct question *question)
{
	const struct report *report = question->report;
	const struct report_recipient *recipient = question->recipient;

	question_set_senders(question);
	question->diagnostic = fold_text(recipient->diagnostic, question->senders);
	question->text = question_fold(question, RULE_FIELD_TEXT, report->text);
	question->subject = question_fold(question, RULE_FIELD_SUBJECT, report->header.subject);
	question_set_codes(question);
	question->input =
	    (struct rule_input){.status = question->status, .reply_code = recipient->reply_code};
	question->input.field[RULE_FIELD_TEXT] = question->text;
	question->input.field[RULE_FIELD_SUBJECT] = question->subject;
	question->input.field[RULE_FIELD_FROM] = report->header.from;
	question->input.field[RULE_FIELD_REMOTE_MTA] = recipient->remote_mta;
	question->input.field[RULE_FIELD_REPORTING_MTA] = report->reporting_mta;
	question_match(question, question->diagnostic);
}

static void question_clear(struct question *question)
{
	g_clear_pointer(&question->matches, g_array_unref);
	g_free(question->diagnostic);
	g_free(question->text);
	g_free(question->subject);
}

/* --- the steps ------------------------------------------------------------ */

/* The words that end at end, from the start of the sentence or the text, and
 * the rest of the last word. */
static char *quote_evidence(const char *text, size_t end)
{
	size_t start = end > EVIDENCE_BYTES ? end - EVIDENCE_BYTES : 0;
	const char *sentence = NULL;

	if (start > 0 && strchr(text + start, ' '))
		start = MIN(end, (size_t)(strchr(text + start, ' ') - text + 1));
	const char *paragraph = memrchr(text + start, '\n', end - start);
	if (paragraph)
		start = (size_t)(paragraph - text) + 1;
	sentence = end > 2 ? g_strrstr_len(text + start, (gssize)(end - start), ". ") : NULL;
	if (sentence && (size_t)(sentence - text) + 12 < end)
		start = (size_t)(sentence - text) + 2;
	for (size_t extra = 0;
	     extra < 32 && text[end] != '\0' && text[end] != ' ' && text[end] != '\n'; extra++)
		end++;
	g_autofree char *slice = g_strndup(text + start, end - start);
	return g_utf8_make_valid(slice, -1);
}

static bool decide(struct verdict *verdict, enum reason_id reason, const char *rule,
		   const char *evidence)
{
	verdict->reason = reason_get(reason);
	verdict->rule = rule;
	verdict->evidence = g_strdup(evidence);
	return true;
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
		return decide(verdict, REASON_complaint, "kind:complaint", report->feedback_type);
	case REPORT_CHALLENGE:
		return decide(verdict, REASON_challenge, "kind:challenge", "");
	case REPORT_AUTO_REPLY:
		return decide(verdict, REASON_vacation, "kind:auto_reply", report->auto_submitted);
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

static void decide_by_match(const struct question *question, const struct rule_match *match,
			    struct verdict *verdict)
{
	verdict->reason = match->rule->reason;
	verdict->rule = match->rule->id;
	verdict->evidence = quote_evidence(question->input.field[match->field], match->end);
}

static bool by_tier(const struct question *question, enum rule_tier tier, struct verdict *verdict)
{
	for (guint i = 0; i < question->matches->len; i++) {
		const struct rule_match *match =
		    &g_array_index(question->matches, struct rule_match, i);
		if (match->rule->tier != tier)
			continue;
		decide_by_match(question, match, verdict);
		return true;
	}
	return false;
}

static bool by_status(const struct question *question, enum code_trust trust,
		      struct verdict *verdict)
{
	const struct code *code = code_find_status(question->status);

	return code && code->trust == trust &&
	       decide(verdict, code->reason, code->id, question->status);
}

static bool by_certain_status(struct question *question, struct verdict *verdict)
{
	return by_status(question, CODE_CERTAIN, verdict);
}

static bool by_vague_status(struct question *question, struct verdict *verdict)
{
	return by_status(question, CODE_VAGUE, verdict);
}

/* Matches other words in place of the diagnostic. */
static bool by_words(struct question *question, const char *words, struct verdict *verdict)
{
	GArray *of_diagnostic = g_steal_pointer(&question->matches);
	question_match(question, words);
	bool decided = by_tier(question, RULE_TIER_SITE, verdict) ||
		       by_tier(question, RULE_TIER_STRONG, verdict) ||
		       by_tier(question, RULE_TIER_NORMAL, verdict);
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
		g_autofree char *words = fold_text(paragraphs[i], question->senders);
		if (by_words(question, words, verdict))
			return true;
	}
	return false;
}

/* The human-readable text is about all recipients at once. */
static bool by_text(struct question *question, struct verdict *verdict)
{
	char status[STATUS_CODE_SIZE];

	if (question->report->text[0] == '\0' || count_failed(question->report) > 1)
		return false;
	if (question->text[0] == '\0') {
		g_free(question->text);
		question->text = fold_text(question->report->text, question->senders);
		question->input.field[RULE_FIELD_TEXT] = question->text;
	}
	if (question->permanence == PERMANENCE_UNKNOWN &&
	    status_code_find_failure(question->text, status))
		question->permanence = permanence_of_codes(status, "");
	return by_words(question, question->text, verdict) || by_paragraph(question, verdict);
}

static bool by_reply(struct question *question, struct verdict *verdict)
{
	const char *reply_code = question->recipient->reply_code;
	const struct code *code = code_find_reply(reply_code);

	return code && decide(verdict, code->reason, code->id, reply_code);
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
    {"vague status", RULE_TIER_SITE, by_vague_status},
    {"weak rule", RULE_TIER_WEAK, NULL},
    {"reply code", RULE_TIER_SITE, by_reply},
    {"gave up", RULE_TIER_SITE, by_giving_up},
};

static bool take_step(const struct step *step, struct question *question, struct verdict *verdict)
{
	return step->decide ? step->decide(question, verdict)
			    : by_tier(question, step->tier, verdict);
}

static void decide_failure(struct question *question, struct verdict *verdict)
{
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++)
		if (take_step(&steps[i], question, verdict))
			return;
	decide(verdict, REASON_undetermined, "", "");
}

void classify(const struct ruleset *rules, const struct report *report,
	      const struct report_recipient *recipient, struct verdict *verdict_out)
{
	struct question question = {.rules = rules,
				    .report = report,
				    .recipient = recipient ? recipient : &report_recipient_empty};
	struct verdict verdict = {.rule = ""};

	if (by_kind(&question, &verdict) || by_action(&question, &verdict)) {
		verdict.permanence =
		    permanence_of_codes(question.recipient->status, question.recipient->reply_code);
	} else {
		question_init(&question);
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
		decide_by_match(question, match, &verdict);
		explain(question, step, &verdict, listener);
	}
}

void classify_explain(const struct ruleset *rules, const struct report *report,
		      const struct report_recipient *recipient,
		      const struct classify_listener *listener)
{
	static const struct step kind = {.name = "kind of report"};
	struct question question = {.rules = rules,
				    .report = report,
				    .recipient = recipient ? recipient : &report_recipient_empty};
	struct verdict verdict = {.rule = ""};

	if (by_kind(&question, &verdict) || by_action(&question, &verdict)) {
		explain(&question, &kind, &verdict, listener);
		return;
	}
	question_init(&question);
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		if (!steps[i].decide)
			explain_tier(&question, &steps[i], listener);
		else if (steps[i].decide(&question, &verdict))
			explain(&question, &steps[i], &verdict, listener);
	}
	question_clear(&question);
}
