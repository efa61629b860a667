/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Texts are folded only if a rule looks at them.
 */
#include "classifier/verdict/question.h"

#include <string.h>

#include "classifier/text/fold.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"
#include "classifier/verdict/evidence.h"
#include "classifier/verdict/statement.h"

/* Evidence is shown to people: the words before the end of the match. */
#define EVIDENCE_BYTES 120

/* Some answers are final, whatever code was made for them: Gmail has only 4.0.0. */
static bool question_is_final_answer(const struct question *question)
{
	if (!status_code_is_generic(question->status) || *question->reply_code ||
	    question->recipient->action != REPORT_ACTION_FAILED)
		return false;
	g_autofree char *lower = text_lower(question->diagnostic);
	return words_any(lower, words_final_answer);
}

/* "421 ... Retrying will NOT succeed": a code of those that pass, for what does not. */
static bool question_is_final_refusal(const struct question *question)
{
	if (question->permanence != PERMANENCE_TEMPORARY)
		return false;
	g_autofree char *lower = text_lower(question->diagnostic);
	return words_any(lower, words_final_refusal);
}

/* Those of the host that refused, where another one made codes of its own of them. */
static void question_take_codes(struct question *question)
{
	const struct report_recipient *recipient = question->recipient;
	const char *reply = evidence_find_passed_on(recipient->diagnostic);

	g_strlcpy(question->reply_code, reply ? reply : recipient->reply_code,
		  sizeof question->reply_code);
	if (!reply)
		g_strlcpy(question->status, recipient->status, sizeof question->status);
	else if (evidence_find_status(reply, question->status) != EVIDENCE_OWN_STATUS)
		question->status[0] = '\0';
}

static void question_set_codes(struct question *question)
{
	char found[STATUS_CODE_SIZE];

	question_take_codes(question);
	if (status_code_is_generic(question->status) &&
	    status_code_find_failure(question->diagnostic, found))
		memcpy(question->status, found, sizeof found);
	enum evidence_status own = evidence_find_status(question->diagnostic, found);
	/* "550 5.0.0 No" and "451 4.3.0 Later" have one that says nothing of a user, either */
	bool is_own = own == EVIDENCE_OWN_STATUS && found[0] == question->status[0] &&
		      !status_code_is_generic(found);
	question->is_status_made_up = own != EVIDENCE_NO_REPLY && !is_own;
	if (is_own)
		memcpy(question->status, found, sizeof found);
	question->permanence = permanence_of_codes(question->status, question->reply_code);
	if (question_is_final_answer(question) || question_is_final_refusal(question))
		question->permanence = PERMANENCE_PERMANENT;
}

void question_match(struct question *question, const char *words)
{
	g_clear_pointer(&question->matches, g_array_unref);
	question->input.field[RULE_FIELD_DIAGNOSTIC] = words;
	question->matches = ruleset_match(question->rules, &question->input);
}

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}

static bool has_same_domain(const char *address, const char *other)
{
	return g_ascii_strcasecmp(domain_of(address), domain_of(other)) == 0;
}

/* Not an address at a domain of the recipient: the words could be about either. */
static void question_add_sender(struct question *question, const char *address)
{
	const struct report_recipient *recipient = question->recipient;
	size_t count = 0;

	while (question->senders[count])
		count++;
	if (count < QUESTION_SENDERS && domain_of(address)[0] != '\0' &&
	    !has_same_domain(address, recipient->recipient) &&
	    !has_same_domain(address, recipient->original_recipient) &&
	    !has_same_domain(address, recipient->actual_recipient))
		question->senders[count] = address;
}

static void question_set_senders(struct question *question)
{
	const struct report *report = question->report;

	question_add_sender(question, report->original.sender);
	question_add_sender(question, report->original.from);
	for (size_t i = 0; i < QUESTION_SENDERS && report->header.to[i]; i++)
		question_add_sender(question, report->header.to[i]);
}

/* A local part can be no other word if it has a digit or a dot inside, or if no refusal says it of
 * anything. */
static bool is_name(const char *local)
{
	if (!g_ascii_isalpha(local[0]))
		return false;
	if (local[strcspn(local, "0123456789._-")])
		return true;
	g_autofree char *word = g_ascii_strdown(local, -1);
	return !statement_has_word(word);
}

/* "rita@ does not exist": no address, so it was not folded. */
static bool has_bare_sign(const char *folded)
{
	const char *at = strchr(folded, '@');
	while (at && at[1] == '>')
		at = strchr(at + 1, '@');
	return at;
}

/* Some hosts name the recipient without his domain, or the domain alone. */
static void name_recipient(char *folded, const char *recipient)
{
	const char *domain = domain_of(recipient);
	g_autofree char *local = g_strndup(recipient, strcspn(recipient, "@"));

	evidence_mark_name(folded, domain, strlen(domain), "<domain>");
	if (has_bare_sign(folded)) {
		g_autofree char *bare = g_strconcat(local, "@", NULL);
		evidence_mark_name(folded, bare, strlen(bare), "<@>");
	}
	if (is_name(local))
		evidence_mark_name(folded, local, strlen(local), "<@>");
}

/* The host that refused. Where a report names none, as qmail's, one of the recipient's domain. */
static char *host_of(const struct report_recipient *recipient)
{
	const char *domain = domain_of(recipient->recipient);

	if (*recipient->remote_mta || !*recipient->reply_code || !*domain)
		return g_strdup(recipient->remote_mta);
	return g_strconcat("mx.", domain, NULL);
}

char *question_fold_words(const struct question *question, const char *text)
{
	char *folded = fold_text(text, question->senders);

	name_recipient(folded, question->recipient->recipient);
	smtp_step_drop(folded);
	evidence_keep(folded);
	return folded;
}

/* The text is long, and no shipped rule looks at it. */
static char *fold_field(const struct question *question, enum rule_field field, const char *text)
{
	return ruleset_looks_at(question->rules, field) ? question_fold_words(question, text)
							: g_strdup("");
}

size_t question_count_failed(const struct report *report)
{
	size_t failed = 0;

	for (size_t i = 0; i < report->recipient_count; i++) {
		enum report_action action = report->recipients[i].action;
		failed += action == REPORT_ACTION_FAILED || action == REPORT_ACTION_NONE;
	}
	return failed;
}

/* The words to people say it where the diagnostic does not. They are about all recipients. */
enum smtp_step question_find_step(const struct question *question)
{
	const struct report *report = question->report;
	enum smtp_step step = smtp_step_find(question->recipient->diagnostic);

	return step != SMTP_STEP_UNKNOWN || question_count_failed(report) > 1
		   ? step
		   : smtp_step_find(report->text);
}

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

void question_answer(const struct question *question, const struct rule_match *match,
		     struct verdict *verdict)
{
	verdict_clear(verdict);
	verdict->reason = match->rule->reason;
	verdict->rule = match->rule->id;
	verdict->evidence = quote_evidence(question->input.field[match->field], match->end);
}

struct question question_about(const struct ruleset *rules, const struct report *report,
			       const struct report_recipient *recipient)
{
	return (struct question){.rules = rules,
				 .report = report,
				 .recipient = recipient ? recipient : &report_recipient_empty};
}

void question_read(struct question *question)
{
	const struct report *report = question->report;
	const struct report_recipient *recipient = question->recipient;

	question_set_senders(question);
	question->diagnostic = question_fold_words(question, recipient->diagnostic);
	question->text = fold_field(question, RULE_FIELD_TEXT, report->text);
	question->subject = fold_field(question, RULE_FIELD_SUBJECT, report->header.subject);
	question_set_codes(question);
	question->input =
	    (struct rule_input){.status = question->status, .reply_code = question->reply_code};
	question->input.field[RULE_FIELD_TEXT] = question->text;
	question->input.field[RULE_FIELD_SUBJECT] = question->subject;
	question->input.field[RULE_FIELD_FROM] = report->header.from;
	question->host = host_of(recipient);
	question->input.field[RULE_FIELD_REMOTE_MTA] = question->host;
	question->input.field[RULE_FIELD_REPORTING_MTA] = report->facts.reporting_mta;
	question_match(question, question->diagnostic);
}

void question_clear(struct question *question)
{
	g_clear_pointer(&question->matches, g_array_unref);
	g_free(question->diagnostic);
	g_free(question->text);
	g_free(question->subject);
	g_free(question->host);
}
