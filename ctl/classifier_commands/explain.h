/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl classify --explain: what was read from a message, what each rule and code
 * says about it, and what follows, for a person to read.
 */
#ifndef CTL_CLASSIFIER_COMMANDS_EXPLAIN_H
#define CTL_CLASSIFIER_COMMANDS_EXPLAIN_H

#include "classifier/report/report.h"
#include "classifier/rules/ruleset.h"

/* Prints all about one message to standard output. */
void explain_message(const struct ruleset *rules, const char *file, const struct report *report);

#endif
