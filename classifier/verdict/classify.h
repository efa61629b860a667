/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From a report to one verdict per recipient.
 */
#ifndef CLASSIFIER_VERDICT_CLASSIFY_H
#define CLASSIFIER_VERDICT_CLASSIFY_H

#include "classifier/report/report.h"
#include "classifier/rules/ruleset.h"
#include "classifier/verdict/verdict.h"

/* The order of decision; the first step that says something decides. What would make the
 * address hard passes a gate in each of them: the recipient was named when it was said, no rule
 * of rank "guard" holds for the same words, and a code was not made up by another system.
 *
 *  1. what the report is: a notice, a read receipt, a complaint, a challenge,
 *     an auto-reply, an ordinary mail; per recipient, its Action
 *  2. the site's rules
 *  3. strong rules: words that overrule any code
 *  4. the enhanced status code, where it says one thing (CODE_CERTAIN)
 *  5. normal rules: words that are better than a vague code
 *  6. where the refusal's own words said nothing and only one recipient failed:
 *     steps 2, 3 and 5 on the human-readable text, then on its paragraphs one by one
 *  7. steps 2, 3 and 5 on the refusal's own words, spelt right (misspelling.h)
 *  8. the enhanced status code, where it is vague
 *  9. weak rules: words that are better than nothing
 * 10. the SMTP reply code
 * 11. the step of SMTP that was refused for good, if it is not RCPT
 * 12. a temporary code on a mail that came back: somebody gave up, "expired"
 *
 * Otherwise "undetermined". A class is never decided here: it follows from the
 * reason and the permanence. The codes are those of the report; where its status is
 * X.0.0 or missing, those in the diagnostic. */

/* The verdict on one recipient of the report; recipient NULL for a report that
 * names none. Never fails: in doubt CLASS_UNCLASSIFIED, never CLASS_HARD.
 * Thread-safe on one ruleset. Clear with verdict_clear. */
void classify(const struct ruleset *rules, const struct report *report,
	      const struct report_recipient *recipient, struct verdict *verdict_out);

/* Calls on_step for every step that has a verdict, in the order of decision: the
 * first one decides. The verdict is valid during the call only. */
struct classify_listener {
	void (*on_step)(const char *step, const struct verdict *verdict, void *data);
	void *data;
};
void classify_explain(const struct ruleset *rules, const struct report *report,
		      const struct report_recipient *recipient,
		      const struct classify_listener *listener);

#endif
