/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The gate before every verdict that would make an address hard: it asks for whom or for what the
 * words were meant.
 */
#ifndef CLASSIFIER_VERDICT_GATE_H
#define CLASSIFIER_VERDICT_GATE_H

#include <stdbool.h>

#include "classifier/verdict/question.h"

/* Would the reason make the address hard, were the codes final? */
bool gate_guards(const struct reason *reason);

/* Every verdict passes here, with the rule whose words led to it, NULL for a code. One that would
 * make an address hard stands only if the recipient had been named when it was spoken, if no
 * guard finds somebody or something else in the same words, and if these are a statement about a
 * recipient in full (statement.h), or a registered code of the same reply says the same. */
void gate_pass(const struct question *question, const struct rule_match *words,
	       struct verdict *verdict);

/* The rule of a verdict whose words were no statement about a recipient. */
#define GATE_NO_STATEMENT "words:no-statement"

/* A final refusal in words that nothing knows: before the recipient was named it is about the
 * client or the sender, after DATA about the message. False if it was at RCPT, or at no step that
 * is known. */
bool gate_decide_by_step(const struct question *question, struct verdict *verdict);

#endif
