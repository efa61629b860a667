/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl rules check | test | list: finding rules that cannot do what they are for,
 * running every example and counter-example, printing the rules in the order of decision.
 */
#include "classifier/verdict/rule_check.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/options/rule_files.h"
#include "ctl/options/topics.h"
#include "ctl/terminal/output.h"
#include "ctl/terminal/table.h"

static void put_place(JsonBuilder *builder, const struct rule *rule, unsigned line)
{
	ctl_json_string(builder, "rule", rule->id);
	ctl_json_string(builder, "file", rule->file);
	ctl_json_integer(builder, "line", line);
}

/* --- faults ----------------------------------------------------------------- */

struct faults {
	GString *out;
	bool json;
};

static void append_fault(const struct rule_check_fault *fault, void *data)
{
	const struct faults *faults = data;

	if (!faults->json) {
		g_string_append_printf(faults->out, "%s:%u: rule %s: %s\n", fault->rule->file,
				       fault->line, fault->rule->id, fault->text);
		return;
	}
	g_autoptr(JsonBuilder) builder = ctl_json_new();
	put_place(builder, fault->rule, fault->line);
	ctl_json_string(builder, "fault", rule_check_fault_name(fault->kind));
	ctl_json_string(builder, "text", fault->text);
	ctl_json_append(builder, faults->out);
}

/* With --json the faults alone, one a line; else a last line says how many there are of what. */
static enum ctl_exit_code run_faults(struct ctl_call *call,
				     unsigned (*find)(const struct ruleset *rules,
						      const struct rule_check_listener *listener),
				     const char *of_what)
{
	g_autoptr(ruleset_t) rules = rule_files_load_or_say(call);
	g_autoptr(GString) out = g_string_new(NULL);
	struct faults faults = {out, ctl_call_has(call, "json")};
	const struct rule_check_listener listener = {append_fault, &faults};

	if (!rules)
		return CTL_EXIT_CONFIG;
	unsigned count = find(rules, &listener);
	if (!faults.json)
		g_string_append_printf(out, "%zu rules, %u %s\n", ruleset_count(rules), count,
				       of_what);
	enum ctl_exit_code exit_code = ctl_call_print(out);
	return exit_code == CTL_EXIT_OK && count > 0 ? CTL_EXIT_FAULT : exit_code;
}

static enum ctl_exit_code run_rule_check(struct ctl_call *call)
{
	return run_faults(call, rule_check_rules, "faults");
}

static enum ctl_exit_code run_test(struct ctl_call *call)
{
	return run_faults(call, rule_check_examples, "wrong examples");
}

/* --- list -------------------------------------------------------------------- */

static void append_rule_json(const struct rule *rule, GString *out)
{
	g_autoptr(JsonBuilder) builder = ctl_json_new();

	put_place(builder, rule, rule->line);
	ctl_json_string(builder, "rank", rule_tier_name(rule->tier));
	ctl_json_string(builder, "reason", rule->reason->name);
	ctl_json_string(builder, "why", rule->why);
	ctl_json_integer(builder, "examples", rule->example->len);
	ctl_json_append(builder, out);
}

static void append_rule_table(const struct ruleset *rules, GString *out)
{
	const struct table_style style = output_style();
	g_autoptr(table_t) table = table_new();

	table_add_column(table, "rank", TABLE_WORD);
	table_add_column(table, "rule", TABLE_TEXT);
	table_add_column(table, "reason", TABLE_WORD);
	table_add_column(table, "why", TABLE_TEXT);
	for (size_t i = 0; i < ruleset_count(rules); i++) {
		const struct rule *rule = ruleset_get(rules, i);
		const char *const values[] = {rule_tier_name(rule->tier), rule->id,
					      rule->reason->name, rule->why};

		table_add_row(table, values);
	}
	table_print(table, &style, out);
}

static enum ctl_exit_code run_rule_list(struct ctl_call *call)
{
	g_autoptr(ruleset_t) rules = rule_files_load_or_say(call);
	g_autoptr(GString) out = g_string_new(NULL);
	bool json = ctl_call_has(call, "json");

	if (!rules)
		return CTL_EXIT_CONFIG;
	for (size_t i = 0; json && i < ruleset_count(rules); i++)
		append_rule_json(ruleset_get(rules, i), out);
	if (!json)
		append_rule_table(rules, out);
	return ctl_call_print(out);
}

/* --- commands ---------------------------------------------------------------- */

CTL_COMMAND(command_rules_check) = {
    .name = "rules check",
    .topic = TOPIC_MAILS,
    .summary = "find rules that never match, are hidden by others or lack an example",
    .help =
	"One fault per line: file, line, rule and what is wrong. The exit status is 1 if there\n"
	"is one, and 78 if a rule file cannot be read or a pattern does not compile. A site's\n"
	"rule that is meant to replace a shipped one has the shipped one's id.\n",
    .example = "rules check --site site.rules",
    .options = {rule_files_options, rule_files_config_option},
    .is_offline = true,
    .run = run_rule_check,
};

CTL_COMMAND(command_rules_test) = {
    .name = "rules test",
    .topic = TOPIC_MAILS,
    .summary = "ask the rules about their own examples",
    .help =
	"One wrong example per line: file, line, rule, and what decided it how. The exit status\n"
	"is 1 if there is one, and 78 if the rules cannot be loaded.\n",
    .example = "rules test --site site.rules",
    .options = {rule_files_options, rule_files_config_option},
    .is_offline = true,
    .run = run_test,
};

CTL_COMMAND(command_rules_list) = {
    .name = "rules list",
    .topic = TOPIC_MAILS,
    .summary = "list the rules in the order of decision",
    .example = "rules list --json",
    .options = {rule_files_options, rule_files_config_option},
    .is_offline = true,
    .run = run_rule_list,
};
