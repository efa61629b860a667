/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A ruleset is replaced while a thread uses it.
 */
#include <glib.h>
#include <glib/gstdio.h>

#include "classifier/rules/live_ruleset.h"

/* With one rule of that id. */
static struct ruleset *load_rule(const char *id)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("rules-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(folder, "10.rules", NULL);
	g_autofree char *text = g_strdup_printf("[%s]\nreason = expired\nmatch = tired\n", id);

	g_assert_true(g_file_set_contents(file, text, -1, NULL));
	struct ruleset *rules = ruleset_load(folder, NULL, &error);
	g_assert_no_error(error);
	g_unlink(file);
	g_rmdir(folder);
	return rules;
}

/* Who has one keeps it, until it is released; who comes later gets the next. */
static void test_replaced(void)
{
	struct live_ruleset *live = live_ruleset_new(load_rule("old"));
	struct live_ruleset_use *before = live_ruleset_acquire(live);
	struct live_ruleset_use *again = live_ruleset_acquire(live);

	live_ruleset_set(live, load_rule("new"));
	struct live_ruleset_use *after = live_ruleset_acquire(live);
	live_ruleset_release(again);
	g_assert_nonnull(ruleset_find(before->rules, "old"));
	g_assert_null(ruleset_find(before->rules, "new"));
	g_assert_nonnull(ruleset_find(after->rules, "new"));
	live_ruleset_release(before);
	live_ruleset_release(after);
	live_ruleset_free(live);
}

enum { THREADS = 4, TURNS = 2000 };

static void *use_rules(void *data)
{
	for (int i = 0; i < TURNS; i++) {
		g_autoptr(live_ruleset_use_t) use = live_ruleset_acquire(data);

		g_assert_cmpuint(ruleset_count(use->rules), ==, 1);
	}
	return NULL;
}

/* What it costs to be wrong here, make sanitize shows. */
static void test_threads(void)
{
	struct live_ruleset *live = live_ruleset_new(load_rule("r"));
	GThread *threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		threads[i] = g_thread_new("use", use_rules, live);
	for (size_t i = 0; i < 50; i++)
		live_ruleset_set(live, load_rule("r"));
	for (size_t i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	live_ruleset_free(live);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rules/live/replaced", test_replaced);
	g_test_add_func("/rules/live/threads", test_threads);
	return g_test_run();
}
