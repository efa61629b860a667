/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From names to numbers.
 */
#include "ctl/framework/name_lookup.h"

#include <stdio.h>
#include <string.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/row_text.h"
#include "ctl/terminal/output.h"

static bool is_row_number(const char *name)
{
	g_autofree char *complaint = NULL;
	g_autofree char *id = ctl_value_type_read(&ctl_value_type_id, name, 0, &complaint);

	return id;
}

/* On stderr: whoever reads the output sees nothing that was not asked for. */
static void list(const struct ctl_section *section, const struct db_rows *found)
{
	const struct table_style style = output_style();
	g_autoptr(table_t) table = ctl_row_text_table(found, section->columns);
	g_autoptr(GString) out = g_string_new(NULL);

	table_print(table, &style, out);
	fputs(out->str, stderr);
}

/* The number, heap; NULL, said, where it is not certain. */
static char *choose_row(const struct ctl_call *call, const struct ctl_section *section,
			const char *name, const struct db_rows *found)
{
	if (db_rows_count(found) == 1)
		return g_strdup(db_rows_find(found, 0, "id"));
	if (db_rows_count(found) == 0 && is_row_number(name))
		return g_strdup(name);
	if (db_rows_count(found) == 0) {
		ctl_call_say(call, "\"%s\": %s", name, section->empty);
		return NULL;
	}
	ctl_call_say(call, "\"%s\" fits several: %s", name, section->otherwise);
	list(section, found);
	return NULL;
}

static char *row_number_of(struct ctl_call *call, const struct ctl_value_type *value,
			   const char *name, enum ctl_exit_code *exit_out)
{
	const char *const values[] = {name};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) found =
	    ctl_connect_fetch(call, value->finds->statement, values, &error);

	*exit_out = found ? CTL_EXIT_FAULT : ctl_error_message_print(call, error);
	return found ? choose_row(call, value->finds, name, found) : NULL;
}

static enum ctl_exit_code resolve_argument(struct ctl_call *call,
					   const struct ctl_value_type *value, unsigned number)
{
	enum ctl_exit_code exit_code = CTL_EXIT_OK;
	const char *name = ctl_call_argument(call, number);

	if (strcmp(name, "-") == 0)
		return CTL_EXIT_OK;
	g_autofree char *id = row_number_of(call, value, name, &exit_code);
	if (!id)
		return exit_code;
	ctl_call_set_argument(call, number, id);
	return CTL_EXIT_OK;
}

/* The last of the wanted ones takes all that are left. */
static enum ctl_exit_code resolve_arguments(struct ctl_call *call)
{
	const struct ctl_argument *wanted = call->command->arguments;
	enum ctl_exit_code exit_code = CTL_EXIT_OK;

	for (unsigned i = 1; wanted->value && ctl_call_argument(call, i); i++) {
		if (wanted->value->finds)
			exit_code = resolve_argument(call, wanted->value, i);
		if (exit_code != CTL_EXIT_OK)
			return exit_code;
		wanted += wanted[1].value ? 1 : 0;
	}
	return CTL_EXIT_OK;
}

static enum ctl_exit_code resolve_option(struct ctl_call *call, const struct ctl_option *option)
{
	enum ctl_exit_code exit_code = CTL_EXIT_OK;
	const char *name = ctl_call_option(call, option->name);

	if (!name || !option->value || !option->value->finds)
		return CTL_EXIT_OK;
	g_autofree char *id = row_number_of(call, option->value, name, &exit_code);
	if (!id)
		return exit_code;
	ctl_call_set(call, option->name, id);
	return CTL_EXIT_OK;
}

enum ctl_exit_code ctl_name_lookup_run(struct ctl_call *call)
{
	enum ctl_exit_code exit_code = resolve_arguments(call);
	const struct ctl_option *option;

	for (size_t i = 0;
	     exit_code == CTL_EXIT_OK && (option = ctl_command_option(call->command, i)) != NULL;
	     i++)
		exit_code = resolve_option(call, option);
	return exit_code;
}
