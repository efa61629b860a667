/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table that the program was built with; an administrator may have changed
 * the one in the database.
 */
#include "ctl/reasons.h"

#include <stdio.h>
#include <sysexits.h>

#include <json-glib/json-glib.h>

#include "classifier/reason.h"
#include "ctl/output.h"

static void print_json(const struct reason *reason)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "reason");
	json_builder_add_string_value(builder, reason->name);
	json_builder_set_member_name(builder, "class");
	json_builder_add_string_value(builder, bounce_class_name(reason->class));
	json_builder_set_member_name(builder, "class_temporary");
	json_builder_add_string_value(builder, bounce_class_name(reason->class_temporary));
	json_builder_set_member_name(builder, "is_notice");
	json_builder_add_boolean_value(builder, reason->is_notice);
	json_builder_set_member_name(builder, "meaning");
	json_builder_add_string_value(builder, reason->meaning);
	json_builder_end_object(builder);
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *text = json_to_string(root, FALSE);
	puts(text);
}

static void print_all_json(const struct reason *reasons, size_t count)
{
	for (size_t i = 0; i < count; i++)
		print_json(&reasons[i]);
}

static void print_table(const struct reason *reasons, size_t count)
{
	const struct table_style style = ctl_output_style();
	g_autoptr(table_t) table = table_new();
	g_autoptr(GString) out = g_string_new(NULL);

	table_add_column(table, "reason", TABLE_WORD);
	table_add_column(table, "class", TABLE_WORD);
	table_add_column(table, "temporary", TABLE_WORD);
	table_add_column(table, "meaning", TABLE_TEXT);
	for (size_t i = 0; i < count; i++) {
		const char *const values[] = {reasons[i].name, bounce_class_name(reasons[i].class),
					      bounce_class_name(reasons[i].class_temporary), reasons[i].meaning};

		table_add_row(table, values);
	}
	table_print(table, &style, out);
	fputs(out->str, stdout);
}

int ctl_reasons(int argc, char **argv)
{
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
	    {"json", 0, 0, G_OPTION_ARG_NONE, &json, "One JSON object a line", NULL},
	    G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- print the reasons and their classes");
	g_autoptr(GError) error = NULL;
	size_t count = 0;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
		fprintf(stderr, "bouncectl reasons: %s\n", error != NULL ? error->message : "no argument is taken");
		return EX_USAGE;
	}
	const struct reason *reasons = reason_all(&count);
	(json ? print_all_json : print_table)(reasons, count);
	return 0;
}
