/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rule files: what is read, what is refused and with which words, in which
 * order rules decide, and that the shipped rules hold their own examples.
 */
#include <string.h>

#include <glib.h>

#include "base/error.h"
#include "classifier/rules/rule_file.h"
#include "classifier/verdict/rule_trial.h"
#include "tests/unit/rules_folder.h"
#include "tests/unit/shipped_rules.h"

/* --- reading ------------------------------------------------------------ */

static void check_faults(void)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
	    {"reason = user_unknown\n", "t.rules:1: reason: stands before the first [rule]"},
	    {"[a]\nreason = nonsense\nmatch = x\n",
	     "t.rules:2: rule a: reason: no such reason: nonsense"},
	    {"[a]\nmatch = x\n", "t.rules:1: rule a: has no reason"},
	    {"[a]\nreason = spam_rejected\n",
	     "t.rules:1: rule a: has neither match nor status, reply or host"},
	    {"[a]\nmatch =\n", "t.rules:2: rule a: match: has no value"},
	    {"[a]\ncolour = red\n", "t.rules:2: rule a: colour: no such key"},
	    {"[a]\nlook = body\n", "t.rules:2: rule a: look: no such field: body"},
	    {"[a]\nrank = best\n",
	     "t.rules:2: rule a: rank: none of guard, strong, normal, weak: best"},
	    {"[a]\nstatus = 5.1.1, five\n", "t.rules:2: rule a: status: no code: \"five\""},
	    {"[a]\nreason = expired\nreason = expired\n", "t.rules:3: rule a: reason: given twice"},
	    {"[A rule]\n",
	     "t.rules:1: a rule's id has small letters, digits, dots and dashes: [A rule]"},
	    {"[a\n", "t.rules:1: section without a closing bracket"},
	    {"[a]\nmatch\n", "t.rules:2: rule a: neither [rule], key = value nor # comment: match"},
	    {"\xFF", "t.rules:0: is not UTF-8 text"},
	    {"# c\n  match = x\n", "t.rules:2: match: stands before the first [rule]"},
	    {"[a]\n  more\n", "t.rules:2: rule a: continues nothing: more"},
	    {"[a]\nreason = expired\n  or so\nmatch = x\n",
	     "t.rules:2: rule a: reason: no such reason: expired or so"},
	    {"[a]\nmatch = x|\n  {user}\n", "t.rules:2: rule a: match: no such word class: {user}"},
	    {"[words]\nuser\n",
	     "t.rules:2: words: neither [rule], key = value nor # comment: user"},
	    {"[words]\nuser =\n[a]\n", "t.rules:2: words: user: has no value"},
	    {"[words]\nUser = x\n", "t.rules:2: words: User: a word class has a name of small "
				    "letters, digits and dashes"},
	    {"[words]\nuser = x\nuser = y\n", "t.rules:3: words: user: is already in t.rules:2"},
	    {"[words]\n\nuser = x|\n  (y\n[a]\n",
	     "t.rules:3: words: user: brackets that are not closed or opened"},
	    {"[words]\nuser = x .. y\n",
	     "t.rules:2: words: user: a word class cannot contain \" .. \" or \" ... \""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct rule_source source = {
		    .name = "t.rules", .text = rows[i].text, .len = strlen(rows[i].text)};
		g_autoptr(GPtrArray) rules =
		    g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);
		g_autoptr(GError) error = NULL;
		g_assert_false(rule_file_parse(&source, rules, &error));
		g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, rows[i].message);
	}
}

static void check_values(void)
{
	static const char text[] =
	    "# comment\n[a.b-1]\n reason= user_unknown \r\nmatch = x = # y\nmatch = z\n"
	    "look = text , subject\nstatus = 5.1.1,5.7.*\nrank = weak\n";
	struct rule_source source = {.name = "t", .text = text, .len = strlen(text)};
	g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);

	g_assert_true(rule_file_parse(&source, rules, NULL));
	g_assert_cmpuint(rules->len, ==, 1);
	const struct rule *rule = rules->pdata[0];
	g_assert_cmpstr(rule->id, ==, "a.b-1");
	g_assert_cmpuint(rule->line, ==, 2);
	g_assert_cmpstr(rule->reason->name, ==, "user_unknown");
	g_assert_cmpstr(g_array_index(rule->match, struct rule_line, 0).text, ==, "x = # y");
	g_assert_cmpuint(rule->match->len, ==, 2);
	g_assert_cmpuint(rule->look, ==, 1U << RULE_FIELD_TEXT | 1U << RULE_FIELD_SUBJECT);
	g_assert_cmpstr(rule->status->pdata[1], ==, "5.7.*");
	g_assert_cmpint(rule->tier, ==, RULE_TIER_WEAK);
}

static const char *line_text(const GArray *lines, guint index)
{
	return g_array_index(lines, struct rule_line, index).text;
}

static void check_continuation(void)
{
	static const char text[] = "[words]\nuser = user|\n\n  # a comment\n\tmailbox\n"
				   "[a]\n"
				   "match = {user}\n  .. unknown|not\n  found\n  |gone\n"
				   "  reason = user_unknown\n"
				   "example =\n  550 user\r\n  unknown\n"
				   "unless = {user}{2}\n";
	struct rule_source source = {.name = "t", .text = text, .len = strlen(text)};
	g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);
	g_autoptr(GError) error = NULL;

	g_assert_true(rule_file_parse(&source, rules, &error));
	g_assert_no_error(error);
	const struct rule *rule = rules->pdata[0];
	g_assert_cmpstr(rule->reason->name, ==, "user_unknown");
	g_assert_cmpstr(line_text(rule->match, 0), ==,
			"(?:user|mailbox) .. unknown|not found|gone");
	g_assert_cmpuint(g_array_index(rule->match, struct rule_line, 0).line, ==, 7);
	g_assert_cmpstr(line_text(rule->example, 0), ==, "550 user unknown");
	g_assert_cmpstr(line_text(rule->unless, 0), ==, "(?:user|mailbox){2}");
}

/* --- loading ------------------------------------------------------------ */

static struct ruleset *load(const struct rules_folder *folder, const char *rules, const char *site)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(g_file_set_contents(folder->rules, rules, -1, NULL));
	if (site)
		g_assert_true(g_file_set_contents(folder->site, site, -1, NULL));
	struct ruleset *loaded = ruleset_load(folder->path, site ? folder->site : NULL, &error);
	g_assert_no_error(error);
	return loaded;
}

static void check_load_faults(struct rules_folder *folder, gconstpointer data)
{
	static const struct {
		const char *rules;
		const char *message; /* behind the path */
	} rows[] = {
	    {"[a]\nreason = expired\nmatch = (x\n", ":3: rule a: match: missing closing bracket"},
	    {"[a]\nreason = expired\nmatch = x*\n", ":3: rule a: match: it matches the empty text"},
	    {"[a]\nreason = expired\nmatch = a .. b*\n",
	     ":3: rule a: match: it matches the empty text"},
	    {"[a]\nreason = expired\nmatch = x\nunless = (?<x\n", ":4: rule a: unless: "},
	    {"[a]\nreason = expired\nmatch = \\p{Nonsense}\n", ":3: rule a: match: "},
	    {"[a]\nreason = expired\nmatch = a .. (?<!not )b\n",
	     ":3: rule a: match: \"(?<!not )b\" has what is allowed only in a pattern without "
	     "dots"},
	    {"[a]\nreason = expired\nmatch = x\n[a]\nreason = expired\nmatch = y\n",
	     ":4: rule a: is already in "},
	};

	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *expected = g_strconcat(folder->rules, rows[i].message, NULL);
		g_assert_true(g_file_set_contents(folder->rules, rows[i].rules, -1, NULL));
		g_assert_null(ruleset_load(folder->path, NULL, &error));
		g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
		if (!g_str_has_prefix(error->message, expected))
			g_assert_cmpstr(error->message, ==, expected);
	}
}

static void check_load_nothing(struct rules_folder *folder, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	(void)data;
	g_assert_null(ruleset_load(folder->path, NULL, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
	g_clear_error(&error);
	g_assert_null(ruleset_load("/nonexistent", NULL, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
}

static void assert_rule(const struct ruleset *rules, const char *text, const char *id)
{
	struct verdict verdict;

	rule_trial_judge(rules, NULL, text, &verdict);
	g_test_message("%s", text);
	g_assert_cmpstr(verdict.rule, ==, id);
	verdict_clear(&verdict);
}

static void check_order(struct rules_folder *folder, gconstpointer data)
{
	g_autoptr(ruleset_t) rules =
	    load(folder,
		 "[normal]\nreason = policy_rejected\nmatch = house\n"
		 "[first]\nreason = spam_rejected\nmatch = house\nrank = strong\n"
		 "[second]\nreason = expired\nmatch = house|garden\nrank = strong\n"
		 "[weak]\nreason = expired\nmatch = tree\nrank = weak\n"
		 "[middle]\nreason = expired\nmatch = tree|bush\n"
		 "[address]\nreason = mailbox_disabled\nmatch = hedge\n"
		 "[replaced]\nreason = expired\nmatch = flower\nrank = strong\n",
		 "[site]\nreason = mailbox_full\nmatch = garden gate\n"
		 "[replaced]\nreason = mailbox_full\nmatch = rose\n");

	(void)data;
	assert_rule(rules, "550 house", "first");
	assert_rule(rules, "550 HOUSE", "first");
	assert_rule(rules, "550 5.1.1 house", "first");
	assert_rule(rules, "550 garden", "second");
	assert_rule(rules, "550 house with garden gate", "site");
	assert_rule(rules, "550 5.1.1 hedge", "status:X.1.1");
	assert_rule(rules, "550 5.1.1 bush", "middle"); /* it speaks of something else */
	assert_rule(rules, "552 5.2.2 bush", "status:X.2.2");
	assert_rule(rules, "550 5.7.1 bush", "middle");
	assert_rule(rules, "550 5.7.1 tree", "middle");
	assert_rule(rules, "550 flower", "");
	assert_rule(rules, "550 rose", "replaced");
}

/* A site's file has the shipped classes, and its own leave the shipped rules alone. */
static void check_site_classes(struct rules_folder *folder, gconstpointer data)
{
	g_autoptr(ruleset_t) rules =
	    load(folder,
		 "[words]\nfruit = apple|pear\ntree = oak|elm\n"
		 "[shipped]\nreason = expired\nmatch = red {tree}\n",
		 "[words]\ntree = {fruit} tree|ash\n"
		 "[site]\nreason = mailbox_full\nmatch = blue {tree}\n"
		 "[site.fruit]\nreason = mailbox_full\nmatch = {fruit}s\n");

	(void)data;
	assert_rule(rules, "550 blue pear tree", "site");
	assert_rule(rules, "550 blue ash", "site");
	assert_rule(rules, "550 blue oak", "");
	assert_rule(rules, "550 red oak", "shipped");
	assert_rule(rules, "550 red ash", "");
	assert_rule(rules, "550 apples", "site.fruit");
}

static void check_conditions(struct rules_folder *folder, gconstpointer data)
{
	g_autoptr(ruleset_t) rules =
	    load(folder,
		 "[status]\nreason = expired\nstatus = 5.1.*, 4.?.7\nmatch = x\nrank = strong\n"
		 "[reply]\nreason = expired\nreply = 45?\nmatch = y\n"
		 "[bare]\nreason = expired\nreply = 599\n"
		 "[unless]\nreason = expired\nmatch = cat\nunless = dog\nunless = mouse .. hole\n"
		 "[near]\nreason = expired\nmatch = red .. green\n"
		 "[far]\nreason = expired\nmatch = black ... white\n"
		 "[three]\nreason = expired\nmatch = one .. two .. three\n"
		 "[look]\nreason = expired\nmatch = (?<!not )blue\n"
		 "[twice]\nreason = expired\nmatch = (tick|tock)-\\1\n"
		 "[utf8]\nreason = expired\nmatch = ящик .. ПЕРЕПОЛНЕН\n",
		 NULL);
	static const struct {
		const char *text;
		const char *id;
	} rows[] = {
	    {"550 5.1.9 x", "status"},
	    {"450 4.4.7 x", "status"},
	    {"550 5.2.9 x", ""},
	    {"451 y", "reply"},
	    {"551 y", ""},
	    {"599 z", "bare"},
	    {"550 cat", "unless"},
	    {"550 cat and dog", ""},
	    {"550 a mouse in its hole, cat", ""},
	    {"550 a hole, a mouse, cat", "unless"},
	    {"550 red and green", "near"},
	    {"550 green and red", ""},
	    {"550 red, then fifty letters of something else come, and only now green", ""},
	    {"550 red, red, then fifty letters of something else come, red and green", "near"},
	    {"550 red.\ngreen", "near"},
	    {"550 red:\n\ngreen", "near"},
	    {"550 red.\n\ngreen", ""},
	    {"550 black, then fifty letters of something else come, and only now white", "far"},
	    {"550 one two three", "three"},
	    {"550 one three two", ""},
	    {"550 two one two three", "three"},
	    {"550 blue", "look"},
	    {"550 not blue", ""},
	    {"550 tick-tick", "twice"},
	    {"550 tick-tock", ""},
	    {"550 not blue, blue", "look"},
	    {"550 Почтовый Ящик переполнен", "utf8"},
	};

	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_rule(rules, rows[i].text, rows[i].id);
}

/* --- the shipped rules -------------------------------------------------- */

static void check_lines(const struct ruleset *rules, const struct rule *rule, const GArray *lines,
			bool is_example)
{
	for (guint i = 0; i < lines->len; i++) {
		const char *text = g_array_index(lines, struct rule_line, i).text;
		struct verdict verdict;
		rule_trial_judge(rules, rule, text, &verdict);
		if ((verdict.reason == rule->reason) != is_example) {
			g_test_message("%s: %s is %s by %s", rule->id, text, verdict.reason->name,
				       verdict.rule);
			g_test_fail();
		}
		verdict_clear(&verdict);
	}
}

static void check_shipped(void)
{
	g_autoptr(ruleset_t) rules = shipped_rules();
	for (size_t i = 0; i < ruleset_count(rules); i++) {
		const struct rule *rule = ruleset_get(rules, i);
		if (rule->example->len == 0) {
			g_test_message("%s has no example", rule->id);
			g_test_fail();
		}
		if (rule->host->len > 0) /* its examples need the host */
			continue;
		check_lines(rules, rule, rule->example, true);
		check_lines(rules, rule, rule->counter, false);
	}
}

/* --- threads ------------------------------------------------------------ */

#define THREADS 4
#define ROUNDS  200

static gpointer judge_often(gpointer data)
{
	const struct ruleset *rules = data;

	for (int i = 0; i < ROUNDS; i++) {
		struct verdict verdict;
		rule_trial_judge(rules, NULL, i % 2 == 0 ? "550 5.1.1 apple" : "550 pear",
				 &verdict);
		g_assert_cmpstr(verdict.rule, ==, i % 2 == 0 ? "a" : "b");
		verdict_clear(&verdict);
	}
	return NULL;
}

static void check_threads(struct rules_folder *folder, gconstpointer data)
{
	g_autoptr(ruleset_t) rules = load(folder,
					  "[a]\nreason = expired\nmatch = apple\nrank = strong\n"
					  "[b]\nreason = expired\nmatch = pear\n",
					  NULL);
	GThread *threads[THREADS];

	(void)data;
	for (int i = 0; i < THREADS; i++)
		threads[i] = g_thread_new("judge", judge_often, rules);
	for (int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rules/file/faults", check_faults);
	g_test_add_func("/rules/file/values", check_values);
	g_test_add_func("/rules/file/continuation", check_continuation);
#define ADD(path, check)                                                                           \
	g_test_add(path, struct rules_folder, NULL, rules_folder_set_up, check,                    \
		   rules_folder_tear_down)
	ADD("/rules/load/faults", check_load_faults);
	ADD("/rules/load/nothing", check_load_nothing);
	ADD("/rules/order", check_order);
	ADD("/rules/site-classes", check_site_classes);
	ADD("/rules/conditions", check_conditions);
	ADD("/rules/threads", check_threads);
#undef ADD
	g_test_add_func("/rules/shipped", check_shipped);
	return g_test_run();
}
