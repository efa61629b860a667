/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is known of one recipient when his verdict is sought, brought into the form that rules
 * look at, and the rules that hold.
 */
#ifndef CLASSIFIER_VERDICT_QUESTION_H
#define CLASSIFIER_VERDICT_QUESTION_H

#include "classifier/report/report.h"
#include "classifier/rules/ruleset.h"
#include "classifier/text/status_code.h"
#include "classifier/verdict/smtp_step.h"
#include "classifier/verdict/verdict.h"

/* Addresses of the sender that are looked for in the words; mostly there is one. */
enum { QUESTION_SENDERS = 4 };

struct question {
	const struct ruleset *rules;
	const struct report *report;
	const struct report_recipient *recipient;
	char *host;       /* that refused */
	char *diagnostic; /* folded, as the other texts, and only what is evidence in it */
	char *text;
	char *subject;
	const char *senders[QUESTION_SENDERS + 1];
	char status[STATUS_CODE_SIZE];
	char reply_code[4];
	bool is_status_made_up; /* the reply that it is given for had none */
	enum permanence permanence;
	struct rule_input input;
	GArray *matches; /* the rules that hold for the diagnostic, or for other words */
};

/* Of which nothing is read yet; recipient NULL: the report names none. */
struct question question_about(const struct ruleset *rules, const struct report *report,
			       const struct report_recipient *recipient);
/* Reads codes and words, and finds the rules that hold. Clear with question_clear. */
void question_read(struct question *question);
void question_clear(struct question *question);

/* Finds the rules that hold for these words in place of the diagnostic. */
void question_match(struct question *question, const char *words);

/* The step that was refused. Reads the words to people where the diagnostic does not say it, so it
 * is asked only where an address would be called dead, or nothing else has decided. */
enum smtp_step question_find_step(const struct question *question);

/* How many recipients failed. */
size_t question_count_failed(const struct report *report);

/* Gives the reason of the rule that holds, and the words that it matched, as the verdict. */
void question_answer(const struct question *question, const struct rule_match *match,
		     struct verdict *verdict);

/* The text as rules look at it. Heap. */
char *question_fold_words(const struct question *question, const char *text);

#endif
