/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the words are really about is in the rules of rank "guard"; only the step is known here.
 */
#include "classifier/verdict/gate.h"

#include <string.h>

#include "classifier/rules/codes.h"
#include "classifier/verdict/statement.h"

bool gate_guards(const struct reason *reason)
{
	return reason->class == CLASS_HARD;
}

static void replace_reason(struct verdict *verdict, enum reason_id reason, const char *rule)
{
	verdict->reason = reason_get(reason);
	verdict->rule = rule;
}

/* What was refused before the recipient was named. */
static void refuse_step(enum smtp_step step, struct verdict *verdict)
{
	switch (step) {
	case SMTP_STEP_CONNECT:
		replace_reason(verdict, REASON_client_blocked, "step:connect");
		return;
	case SMTP_STEP_HELO:
		replace_reason(verdict, REASON_policy_rejected, "step:helo");
		return;
	case SMTP_STEP_TLS:
		replace_reason(verdict, REASON_tls_required, "step:starttls");
		return;
	case SMTP_STEP_AUTH:
		replace_reason(verdict, REASON_auth_required, "step:auth");
		return;
	case SMTP_STEP_MAIL:
		replace_reason(verdict, REASON_sender_refused, "step:mail");
		return;
	case SMTP_STEP_UNKNOWN:
	case SMTP_STEP_RCPT:
	case SMTP_STEP_DATA:
		return;
	}
}

bool gate_decide_by_step(const struct question *question, struct verdict *verdict)
{
	const char *reply_code = question->reply_code;
	if (*reply_code != '5' || question->permanence != PERMANENCE_PERMANENT)
		return false;
	enum smtp_step step = question_find_step(question);
	/* 552 behind DATA may be a quota's */
	bool is_of_message = step == SMTP_STEP_DATA && strcmp(reply_code, "552") != 0;
	if (!smtp_step_is_before_recipient(step) && !is_of_message)
		return false;
	verdict_set(verdict, REASON_policy_rejected, "step:data", question->diagnostic);
	refuse_step(step, verdict);
	return true;
}

/* A guard that makes soft what is soft already only hides the reason. */
static bool is_idle(const struct question *question, const struct rule *guard)
{
	return question->permanence == PERMANENCE_TEMPORARY && guard->reason->class == CLASS_SOFT;
}

static const struct rule_match *find_guard(const struct question *question)
{
	for (guint i = 0; i < question->matches->len; i++) {
		const struct rule_match *match =
		    &g_array_index(question->matches, struct rule_match, i);
		if (match->rule->tier == RULE_TIER_GUARD && !is_idle(question, match->rule))
			return match;
	}
	return NULL;
}

/* --- is it said of the recipient? ------------------------------------------------ */

/* A registered code that means a dead address, in the reply itself. */
static bool is_said_by_code(const struct question *question)
{
	const struct code *code = code_find_status(question->status);
	return code && code->trust == CODE_CERTAIN && gate_guards(reason_get(code->reason)) &&
	       !question->is_status_made_up;
}

static struct statement_names name_parties(const struct question *question,
					   const struct reason *reason, const char *folded)
{
	bool is_of_domain =
	    (reason == reason_get(REASON_domain_unknown) || reason == reason_get(REASON_null_mx)) &&
	    !strstr(folded, "<@>") && !strstr(folded, "<domain>");
	return (struct statement_names){.recipient = question->recipient->recipient,
					.host = question->recipient->remote_mta,
					.is_of_domain = is_of_domain};
}

/* The last byte of the words that a rule has found: a rule may look for the end of their sentence,
 * and what stands behind that is another one. */
static size_t last_byte(const char *folded, const struct rule_match *words)
{
	size_t at = words->end - 1;

	while (at > 0 && strchr(" .,;:!?", folded[at]))
		at--;
	return at;
}

/* The words that a rule has found. One that is bound to a host knows what it means by them; a
 * code of the same reply stands for a word that nobody knows, but not for other ones. */
static bool is_statement(const struct question *question, const struct rule_match *words)
{
	const char *folded = question->input.field[words->field];
	struct statement_names names = name_parties(question, words->rule->reason, folded);
	if (words->rule->host->len > 0 || words->end == 0)
		return true;
	size_t at = last_byte(folded, words);
	return is_said_by_code(question) ? !statement_is_of_other(folded, at, &names)
					 : statement_is_known(folded, at, &names);
}

/* The rule decides after all, or the next one that holds: other words of the reply may be a
 * statement, or say what it is about. */
static void answer_by_statement(const struct question *question, struct verdict *verdict)
{
	for (guint i = 0; i < question->matches->len; i++) {
		const struct rule_match *match =
		    &g_array_index(question->matches, struct rule_match, i);
		if (match->rule->tier <= RULE_TIER_GUARD ||
		    (gate_guards(match->rule->reason) && !is_statement(question, match)))
			continue;
		question_answer(question, match, verdict);
		return;
	}
	replace_reason(verdict, REASON_recipient_refused, GATE_NO_STATEMENT);
}

/* What passes makes nobody dead. words: NULL where the code alone has decided. */
static bool is_about_recipient(const struct question *question, const struct rule_match *words,
			       const struct reason *reason)
{
	const char *folded = question->input.field[RULE_FIELD_DIAGNOSTIC];
	struct statement_names names = name_parties(question, reason, folded);
	bool is_of_reply = words && words->field == RULE_FIELD_DIAGNOSTIC && words->end > 0;
	size_t at = is_of_reply ? last_byte(folded, words) : strlen(folded);
	return question->permanence == PERMANENCE_TEMPORARY ||
	       (statement_has_known_topic(folded, at, &names) &&
		(words || !statement_is_of_other(folded, 0, &names)));
}

static void demand_statement(const struct question *question, const struct rule_match *words,
			     struct verdict *verdict)
{
	if (!is_about_recipient(question, words, verdict->reason))
		replace_reason(verdict, REASON_recipient_refused, GATE_NO_STATEMENT);
	else if (words && question->permanence != PERMANENCE_TEMPORARY &&
		 !is_statement(question, words))
		answer_by_statement(question, verdict);
}

void gate_pass(const struct question *question, const struct rule_match *words,
	       struct verdict *verdict)
{
	const struct reason *refused = reason_get(REASON_recipient_refused);
	if (!gate_guards(verdict->reason) && verdict->reason != refused)
		return;
	enum smtp_step step = question_find_step(question);
	if (gate_guards(verdict->reason)) {
		const struct rule_match *guard = find_guard(question);
		if (smtp_step_is_before_recipient(step))
			refuse_step(step, verdict);
		else if (guard)
			question_answer(question, guard, verdict);
		else
			demand_statement(question, words, verdict);
	}
	if (step == SMTP_STEP_DATA && verdict->reason == refused)
		replace_reason(verdict, REASON_policy_rejected, verdict->rule);
}
