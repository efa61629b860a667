/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The ruleset of a daemon, which can be replaced while threads classify: a thread
 * keeps the ruleset it acquired until it releases it. Thread-safe.
 */
#ifndef CLASSIFIER_RULES_LIVE_RULESET_H
#define CLASSIFIER_RULES_LIVE_RULESET_H

#include "classifier/rules/ruleset.h"

struct live_ruleset;

/* A reference to a ruleset. */
struct live_ruleset_use {
	const struct ruleset *rules;
};

/* Takes ownership of the ruleset. Free it when every use has been released. */
struct live_ruleset *live_ruleset_new(struct ruleset *rules);
void live_ruleset_free(struct live_ruleset *live);

/* Takes ownership of the ruleset; later calls of live_ruleset_acquire return it. */
void live_ruleset_set(struct live_ruleset *live, struct ruleset *rules);

/* The current ruleset. Release it with live_ruleset_release. */
struct live_ruleset_use *live_ruleset_acquire(struct live_ruleset *live);
void live_ruleset_release(struct live_ruleset_use *use);

typedef struct live_ruleset_use live_ruleset_use_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(live_ruleset_use_t, live_ruleset_release)

#endif
