/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The rule files: ordered rules from text and codes to reasons, compiled once
 * into one automaton per field they look at. Immutable once loaded,
 * shared by all threads.
 */
#ifndef CLASSIFIER_RULES_RULESET_H
#define CLASSIFIER_RULES_RULESET_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "classifier/rules/rule.h"

struct ruleset;

/* Loads every *.rules of dir in name order, then site_file (may be NULL), whose rules
 * go first and may use the word classes of dir. A site's rule with the id of a shipped
 * one replaces it. On failure NULL and BM_ERROR_CONFIG naming file, line and rule. Free
 * with ruleset_free. */
struct ruleset *ruleset_load(const char *dir, const char *site_file, GError **error)
    __attribute__((warn_unused_result));
void ruleset_free(struct ruleset *rules);

/* Of one rule of another ruleset, which has to live as long. */
struct ruleset *ruleset_new_of_one(const struct rule *rule);

/* Where the rules of this installation are: ../share/bounce-milter/rules beside
 * the directory of the running program, or etc/rules of the tree it was built in.
 * Free with g_free. */
char *ruleset_default_dir(void);

/* The same by the values of a configuration file, where "" is the installation's
 * rules, and no site file. ruleset_configured_dir: free with g_free. */
char *ruleset_configured_dir(const char *rules_dir);
struct ruleset *ruleset_load_configured(const char *rules_dir, const char *site_rules,
					GError **error) __attribute__((warn_unused_result));

/* The rules in the order of decision: by tier, then as they stand in the files. */
size_t ruleset_count(const struct ruleset *rules);
const struct rule *ruleset_get(const struct ruleset *rules, size_t index);
/* The rule of that id, or NULL. */
const struct rule *ruleset_find(const struct ruleset *rules, const char *id);

/* Whether any rule looks at the field: if not, nobody need prepare it. */
bool ruleset_looks_at(const struct ruleset *rules, enum rule_field field);

/* What is known of one recipient. Texts are folded (fold.h); absence is "". */
struct rule_input {
	const char *field[RULE_FIELD_COUNT];
	const char *status;
	const char *reply_code;
};

/* A rule that holds, and where in which field the words end that made it hold. */
struct rule_match {
	const struct rule *rule;
	enum rule_field field;
	size_t end; /* 0: the rule has conditions only */
};

/* All rules that hold, in the order of decision: array of struct rule_match.
 * Free with g_array_unref. Thread-safe. */
GArray *ruleset_match(const struct ruleset *rules, const struct rule_input *input);

/* How often the tables of its automata were full so far (pattern_set.h). */
unsigned ruleset_restarts(const struct ruleset *rules);

typedef struct ruleset ruleset_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ruleset_t, ruleset_free)

#endif
