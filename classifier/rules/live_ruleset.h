/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The ruleset of a daemon, which can be replaced while threads classify: who began
 * with the old one ends with it. Thread-safe.
 */
#ifndef CLASSIFIER_RULES_LIVE_RULESET_H
#define CLASSIFIER_RULES_LIVE_RULESET_H

#include "classifier/rules/ruleset.h"

struct rules_in_force;

/* One thread's use of a ruleset. */
struct rules_use {
	const struct ruleset *rules;
};

/* Takes the ruleset. Free when nobody uses it any more. */
struct rules_in_force *rules_in_force_new(struct ruleset *rules);
void rules_in_force_free(struct rules_in_force *in_force);

/* Takes the ruleset; it is used from now on. */
void rules_in_force_set(struct rules_in_force *in_force, struct ruleset *rules);

/* End it with rules_use_end. */
struct rules_use *rules_in_force_use(struct rules_in_force *in_force);
void rules_use_end(struct rules_use *use);

typedef struct rules_use rules_use_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rules_use_t, rules_use_end)

#endif
