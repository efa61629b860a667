/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table that the program was built with; an administrator may have changed
 * the one in the database.
 */
#include "ctl/commands/reasons.h"

#include <json-glib/json-glib.h>

#include "classifier/rules/reason.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"

static void add_json(GString *out, const struct reason *reason)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "reason");
	json_builder_add_string_value(builder, reason->name);
	json_builder_set_member_name(builder, "class");
	json_builder_add_string_value(builder, reason_class_name(reason->class));
	json_builder_set_member_name(builder, "class_temporary");
	json_builder_add_string_value(builder, reason_class_name(reason->class_temporary));
	json_builder_set_member_name(builder, "is_notice");
	json_builder_add_boolean_value(builder, reason->is_notice);
	json_builder_set_member_name(builder, "meaning");
	json_builder_add_string_value(builder, reason->meaning);
	json_builder_end_object(builder);
	ctl_output_json_append(builder, out);
}

static void add_table(GString *out, const struct reason *reasons, size_t count)
{
	const struct table_style style = ctl_output_style();
	g_autoptr(table_t) table = table_new();

	table_add_column(table, "reason", TABLE_WORD);
	table_add_column(table, "class", TABLE_WORD);
	table_add_column(table, "temporary", TABLE_WORD);
	table_add_column(table, "meaning", TABLE_TEXT);
	for (size_t i = 0; i < count; i++) {
		const char *const values[] = {reasons[i].name, reason_class_name(reasons[i].class),
					      reason_class_name(reasons[i].class_temporary),
					      reasons[i].meaning};

		table_add_row(table, values);
	}
	table_print(table, &style, out);
}

static int run_reasons(struct ctl_call *call)
{
	size_t count = 0;
	const struct reason *reasons = reason_all(&count);
	g_autoptr(GString) out = g_string_new(NULL);

	for (size_t i = 0; ctl_flag(call, "json") && i < count; i++)
		add_json(out, &reasons[i]);
	if (!ctl_flag(call, "json"))
		add_table(out, reasons, count);
	return ctl_output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

const struct ctl_command ctl_reasons = {
    .name = "reasons",
    .arguments = "",
    .summary = "list the reasons and the class of each",
    .example = "reasons",
    .is_offline = true,
    .run = run_reasons,
};
