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

/* Every verdict passes here, with the matches of the words that led to it. One that would make
 * an address hard stands only if the recipient had been named when it was spoken, and if no
 * guard finds somebody or something else in the same words. Returns true. */
bool gate_pass(const struct question *question, struct verdict *verdict);

/* A final refusal in words that nothing knows: before the recipient was named it is about the
 * client or the sender, after DATA about the message. False if it was at RCPT, or at no step that
 * is known. */
bool gate_decide_by_step(const struct question *question, struct verdict *verdict);

#endif
