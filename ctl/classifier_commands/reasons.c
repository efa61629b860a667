/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl reasons: the table that the program was built with; an administrator may have
 * changed the one in the database.
 */
#include "classifier/rules/reason.h"
#include "ctl/framework/call.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/options/topics.h"
#include "ctl/terminal/output.h"
#include "ctl/terminal/table.h"

static void append_reason_json(GString *out, const struct reason *reason)
{
	g_autoptr(JsonBuilder) builder = ctl_json_new();

	ctl_json_string(builder, "reason", reason->name);
	ctl_json_string(builder, "class", reason_class_name(reason->class));
	ctl_json_string(builder, "class_temporary", reason_class_name(reason->class_temporary));
	ctl_json_boolean(builder, "is_notice", reason->is_notice);
	ctl_json_string(builder, "meaning", reason->meaning);
	ctl_json_append(builder, out);
}

static void append_reason_table(GString *out, const struct reason *reasons, size_t count)
{
	const struct table_style style = output_style();
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

static enum ctl_exit_code run_reasons(struct ctl_call *call)
{
	size_t count = 0;
	const struct reason *reasons = reason_all(&count);
	bool json = ctl_call_has(call, "json");
	g_autoptr(GString) out = g_string_new(NULL);

	for (size_t i = 0; json && i < count; i++)
		append_reason_json(out, &reasons[i]);
	if (!json)
		append_reason_table(out, reasons, count);
	return ctl_call_print(out);
}

CTL_COMMAND(command_reasons) = {
    .name = "reasons",
    .topic = TOPIC_MAILS,
    .summary = "list the reasons and the class of each",
    .example = "reasons",
    .is_offline = true,
    .run = run_reasons,
};
