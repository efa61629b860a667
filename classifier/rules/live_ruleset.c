/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each ruleset is reference-counted; the holder itself has one reference.
 */
#include "classifier/rules/live_ruleset.h"

struct live_ruleset {
	GMutex lock;
	struct live_ruleset_use *current; /* under lock */
};

static void live_ruleset_use_clear(void *data)
{
	ruleset_free((struct ruleset *)((struct live_ruleset_use *)data)->rules);
}

static struct live_ruleset_use *live_ruleset_use_new(struct ruleset *rules)
{
	struct live_ruleset_use *use = g_atomic_rc_box_new0(struct live_ruleset_use);

	use->rules = rules;
	return use;
}

struct live_ruleset *live_ruleset_new(struct ruleset *rules)
{
	struct live_ruleset *live = g_new0(struct live_ruleset, 1);

	g_mutex_init(&live->lock);
	live->current = live_ruleset_use_new(rules);
	return live;
}

void live_ruleset_free(struct live_ruleset *live)
{
	if (!live)
		return;
	live_ruleset_release(live->current);
	g_mutex_clear(&live->lock);
	g_free(live);
}

void live_ruleset_set(struct live_ruleset *live, struct ruleset *rules)
{
	struct live_ruleset_use *fresh = live_ruleset_use_new(rules);

	g_mutex_lock(&live->lock);
	struct live_ruleset_use *old = live->current;
	live->current = fresh;
	g_mutex_unlock(&live->lock);
	live_ruleset_release(old);
}

struct live_ruleset_use *live_ruleset_acquire(struct live_ruleset *live)
{
	g_mutex_lock(&live->lock);
	struct live_ruleset_use *use = g_atomic_rc_box_acquire(live->current);
	g_mutex_unlock(&live->lock);
	return use;
}

void live_ruleset_release(struct live_ruleset_use *use)
{
	g_atomic_rc_box_release_full(use, live_ruleset_use_clear);
}
