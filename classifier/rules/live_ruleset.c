/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each ruleset counts who uses it, the place itself included.
 */
#include "classifier/rules/live_ruleset.h"

struct rules_in_force {
	GMutex lock;
	struct rules_use *current; /* under lock */
};

static void free_rules(void *data)
{
	ruleset_free((struct ruleset *)((struct rules_use *)data)->rules);
}

static struct rules_use *use_new(struct ruleset *rules)
{
	struct rules_use *use = g_atomic_rc_box_new0(struct rules_use);

	use->rules = rules;
	return use;
}

struct rules_in_force *rules_in_force_new(struct ruleset *rules)
{
	struct rules_in_force *in_force = g_new0(struct rules_in_force, 1);

	g_mutex_init(&in_force->lock);
	in_force->current = use_new(rules);
	return in_force;
}

void rules_in_force_free(struct rules_in_force *in_force)
{
	if (in_force == NULL)
		return;
	rules_use_end(in_force->current);
	g_mutex_clear(&in_force->lock);
	g_free(in_force);
}

void rules_in_force_set(struct rules_in_force *in_force, struct ruleset *rules)
{
	struct rules_use *fresh = use_new(rules);

	g_mutex_lock(&in_force->lock);
	struct rules_use *old = in_force->current;
	in_force->current = fresh;
	g_mutex_unlock(&in_force->lock);
	rules_use_end(old);
}

struct rules_use *rules_in_force_use(struct rules_in_force *in_force)
{
	g_mutex_lock(&in_force->lock);
	struct rules_use *use = g_atomic_rc_box_acquire(in_force->current);
	g_mutex_unlock(&in_force->lock);
	return use;
}

void rules_use_end(struct rules_use *use)
{
	g_atomic_rc_box_release_full(use, free_rules);
}
