/* SPDX-License-Identifier: BSD-2-Clause
 *
 * "check" loads the rules and finds those that cannot do what they are for;
 * "test" runs every example and counter-example; "list" prints the rules in the
 * order of decision. None needs a database.
 */
#include "ctl/commands/rules.h"

#include <stdbool.h>
#include <stdio.h>

#include <json-glib/json-glib.h>

#include "classifier/verdict/rule_check.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"

static const struct ctl_option options[] = {CTL_RULES_OPTIONS, {0}};

struct ruleset *ctl_rules_load(const struct ctl_call *call)
{
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	struct ruleset *rules =
	    ctl_settings(call, &settings, &error) ? ctl_rules_of(call, &settings, &error) : NULL;

	if (rules == NULL)
		ctl_output_error(call, error);
	return rules;
}

static void put_string(JsonBuilder *builder, const char *name, const char *value)
{
	g_autofree char *valid = g_utf8_make_valid(value, -1);

	json_builder_set_member_name(builder, name);
	json_builder_add_string_value(builder, valid);
}

static void put_place(JsonBuilder *builder, const struct rule *rule, unsigned line)
{
	put_string(builder, "rule", rule->id);
	put_string(builder, "file", rule->file);
	json_builder_set_member_name(builder, "line");
	json_builder_add_int_value(builder, line);
}

/* --- faults ----------------------------------------------------------------- */

struct report_out {
	GString *out;
	bool json;
};

static void hear(const struct rule_check_fault *fault, void *data)
{
	const struct report_out *report = data;

	if (!report->json) {
		g_string_append_printf(report->out, "%s:%u: rule %s: %s\n", fault->rule->file,
				       fault->line, fault->rule->id, fault->text);
		return;
	}
	g_autoptr(JsonBuilder) builder = json_builder_new();
	json_builder_begin_object(builder);
	put_place(builder, fault->rule, fault->line);
	put_string(builder, "fault", rule_check_fault_name(fault->kind));
	put_string(builder, "text", fault->text);
	json_builder_end_object(builder);
	ctl_output_json_append(builder, report->out);
}

/* With --json the faults alone, one a line; else a last line says how many there are of what. */
static int run_faults(struct ctl_call *call,
		      unsigned (*find)(const struct ruleset *rules,
				       const struct rule_check_listener *listener),
		      const char *of_what)
{
	g_autoptr(ruleset_t) rules = ctl_rules_load(call);
	g_autoptr(GString) out = g_string_new(NULL);
	struct report_out report = {out, ctl_flag(call, "json")};
	const struct rule_check_listener listener = {hear, &report};

	if (rules == NULL)
		return CTL_EXIT_CONFIG;
	unsigned faults = find(rules, &listener);
	if (!report.json)
		g_string_append_printf(out, "%zu rules, %u %s\n", ruleset_count(rules), faults,
				       of_what);
	if (!ctl_output_write(out->str))
		return CTL_EXIT_OUTPUT;
	return faults == 0 ? CTL_EXIT_OK : CTL_EXIT_FAULT;
}

static int run_check(struct ctl_call *call)
{
	return run_faults(call, rule_check_rules, "faults");
}

static int run_test(struct ctl_call *call)
{
	return run_faults(call, rule_check_examples, "wrong examples");
}

/* --- list -------------------------------------------------------------------- */

static void list_json(const struct rule *rule, GString *out)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	put_place(builder, rule, rule->line);
	put_string(builder, "rank", rule_tier_name(rule->tier));
	put_string(builder, "reason", rule->reason->name);
	put_string(builder, "why", rule->why);
	json_builder_set_member_name(builder, "examples");
	json_builder_add_int_value(builder, rule->example->len);
	json_builder_end_object(builder);
	ctl_output_json_append(builder, out);
}

static void list_table(const struct ruleset *rules, GString *out)
{
	const struct table_style style = ctl_output_style();
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

static int run_list(struct ctl_call *call)
{
	g_autoptr(ruleset_t) rules = ctl_rules_load(call);
	g_autoptr(GString) out = g_string_new(NULL);

	if (rules == NULL)
		return CTL_EXIT_CONFIG;
	if (!ctl_flag(call, "json"))
		list_table(rules, out);
	for (size_t i = 0; ctl_flag(call, "json") && i < ruleset_count(rules); i++)
		list_json(ruleset_get(rules, i), out);
	return ctl_output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

/* --- commands ---------------------------------------------------------------- */

const struct ctl_command ctl_rules_check = {
    .name = "rules check",
    .arguments = "",
    .summary = "find rules that never match, stand behind others or lack an example",
    .help = "One fault a line: file, line, rule and what is wrong. The exit status is 1 if there\n"
	    "is one, and 78 if a rule file cannot be read or a pattern does not compile.\n",
    .example = "rules check --site site.rules",
    .options = options,
    .is_offline = true,
    .run = run_check,
};

const struct ctl_command ctl_rules_test = {
    .name = "rules test",
    .arguments = "",
    .summary = "ask the rules about their own examples",
    .help = "One wrong example a line: file, line, rule and who decided it how. The exit status\n"
	    "is 1 if there is one, and 78 if the rules cannot be loaded.\n",
    .example = "rules test --site site.rules",
    .options = options,
    .is_offline = true,
    .run = run_test,
};

const struct ctl_command ctl_rules_list = {
    .name = "rules list",
    .arguments = "",
    .summary = "list the rules in the order of decision",
    .example = "rules list --json",
    .options = options,
    .is_offline = true,
    .run = run_list,
};
