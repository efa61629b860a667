/* SPDX-License-Identifier: BSD-2-Clause
 *
 * "check" compiles the rules and finds those that lack an example or that
 * another rule decides first; "test" runs every example and counter-example;
 * "list" prints the rules in the order of decision.
 */
#include "ctl/rules.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "classifier/rule_judge.h"
#include "classifier/rules.h"

struct options {
	char *dir;
	char *site;
};

/* "mx.example.net" for the host pattern "\.example\.(net|org)$" cannot be made
 * up in general: a rule with a host is not tried. */
static bool needs_host(const struct rule *rule)
{
	return rule->host->len > 0;
}

/* --- test --------------------------------------------------------------- */

/* An example is right if its rule decides it, or another of the same reason. */
static unsigned test_examples(const struct ruleset *rules, const struct rule *rule)
{
	unsigned faults = 0;

	for (guint i = 0; i < rule->example->len && !needs_host(rule); i++) {
		const struct rule_line *line = &g_array_index(rule->example, struct rule_line, i);
		struct verdict verdict;
		rule_judge(rules, rule, line->text, &verdict);
		if (verdict.reason != rule->reason) {
			printf("%s:%u: rule %s: example is %s by %s: %s\n", rule->file, line->line, rule->id,
			       verdict.reason->name, verdict.rule[0] != '\0' ? verdict.rule : "nothing", line->text);
			faults++;
		}
		verdict_clear(&verdict);
	}
	return faults;
}

static unsigned test_counters(const struct ruleset *rules, const struct rule *rule)
{
	unsigned faults = 0;

	for (guint i = 0; i < rule->counter->len; i++) {
		const struct rule_line *line = &g_array_index(rule->counter, struct rule_line, i);
		struct verdict verdict;
		rule_judge(rules, rule, line->text, &verdict);
		if (verdict.reason == rule->reason) {
			printf("%s:%u: rule %s: counter-example is %s by %s: %s\n", rule->file, line->line, rule->id,
			       verdict.reason->name, verdict.rule, line->text);
			faults++;
		}
		verdict_clear(&verdict);
	}
	return faults;
}

static int run_test(const struct ruleset *rules)
{
	unsigned faults = 0;
	unsigned texts = 0;

	for (size_t i = 0; i < ruleset_count(rules); i++) {
		const struct rule *rule = ruleset_get(rules, i);
		faults += test_examples(rules, rule) + test_counters(rules, rule);
		texts += rule->example->len + rule->counter->len;
	}
	printf("%zu rules, %u examples, %u wrong\n", ruleset_count(rules), texts, faults);
	return faults == 0 ? 0 : 1;
}

/* --- check -------------------------------------------------------------- */

/* A rule that decides none of its own examples is in the shadow of others. */
static unsigned check_shadow(const struct ruleset *rules, const struct rule *rule)
{
	g_autofree char *other = NULL;

	for (guint i = 0; i < rule->example->len; i++) {
		struct verdict verdict;
		rule_judge(rules, rule, g_array_index(rule->example, struct rule_line, i).text, &verdict);
		bool is_own = strcmp(verdict.rule, rule->id) == 0;
		g_free(other);
		other = g_strdup(verdict.rule);
		verdict_clear(&verdict);
		if (is_own)
			return 0;
	}
	printf("%s:%u: rule %s: decides none of its examples, %s comes first\n", rule->file, rule->line, rule->id,
	       other != NULL && *other != '\0' ? other : "nothing matches, or something else");
	return 1;
}

static unsigned check_rule(const struct ruleset *rules, const struct rule *rule)
{
	if (rule->example->len > 0)
		return needs_host(rule) ? 0 : check_shadow(rules, rule);
	if (rule->tier == RULE_TIER_SITE)
		return 0;
	printf("%s:%u: rule %s: has no example\n", rule->file, rule->line, rule->id);
	return 1;
}

static int run_check(const struct ruleset *rules)
{
	unsigned faults = 0;

	for (size_t i = 0; i < ruleset_count(rules); i++)
		faults += check_rule(rules, ruleset_get(rules, i));
	printf("%zu rules, %u faults\n", ruleset_count(rules), faults);
	return faults == 0 ? 0 : 1;
}

static int run_list(const struct ruleset *rules)
{
	for (size_t i = 0; i < ruleset_count(rules); i++) {
		const struct rule *rule = ruleset_get(rules, i);
		printf("%-7s %-36s %-24s %s\n", rule_tier_name(rule->tier), rule->id, rule->reason->name, rule->why);
	}
	return 0;
}

/* --- the command line --------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(const struct ruleset *rules);
} commands[] = {
    {"check", run_check},
    {"test", run_test},
    {"list", run_list},
};

static int load_and_run(const struct options *options, int (*run)(const struct ruleset *rules))
{
	g_autofree char *default_dir = ruleset_default_dir();
	g_autoptr(GError) error = NULL;
	g_autoptr(ruleset_t) rules =
	    ruleset_load(options->dir != NULL ? options->dir : default_dir, options->site, &error);

	if (rules == NULL) {
		fprintf(stderr, "bouncectl rules: %s\n", error->message);
		return EX_CONFIG;
	}
	return run(rules);
}

static int dispatch(const struct options *options, const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return load_and_run(options, commands[i].run);
	fprintf(stderr, "bouncectl rules: neither check, test nor list: %s\n", name);
	return EX_USAGE;
}

int ctl_rules(int argc, char **argv)
{
	struct options options = {NULL, NULL};
	const GOptionEntry entries[] = {
	    {"rules", 0, 0, G_OPTION_ARG_FILENAME, &options.dir, "The folder of the rule files", "DIR"},
	    {"site", 0, 0, G_OPTION_ARG_FILENAME, &options.site, "The site's own rules", "FILE"},
	    G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context =
	    g_option_context_new("check|test|list - hold the rules against their examples");
	g_autoptr(GError) error = NULL;
	int status = EX_USAGE;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		fprintf(stderr, "bouncectl rules: %s\n", error->message);
	else if (argc != 2)
		fprintf(stderr, "bouncectl rules: say check, test or list\n");
	else
		status = dispatch(&options, argv[1]);
	g_free(options.dir);
	g_free(options.site);
	return status;
}
