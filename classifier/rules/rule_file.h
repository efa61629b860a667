/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From the text of a rule file to its rules. Patterns are not compiled here:
 * ruleset_load does that. doc/bounce-rules.5 describes the format.
 */
#ifndef CLASSIFIER_RULES_RULE_FILE_H
#define CLASSIFIER_RULES_RULE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "classifier/rules/rule.h"
#include "classifier/rules/word_classes.h"

struct rule_source {
	const char *name; /* for messages */
	const char *text;
	size_t len;
	bool is_site;                 /* every rule gets RULE_TIER_SITE */
	struct word_classes *classes; /* its patterns use them, its [words] add to them;
					 NULL: only those of the file itself */
};

/* Appends the rules of the file to rules (struct rule *). On failure BM_ERROR_CONFIG with
 * file, line, rule id and key; rules read before stay. */
bool rule_file_parse(const struct rule_source *source, GPtrArray *rules, GError **error)
    __attribute__((warn_unused_result));

#endif
