/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One after the other.
 */
#include "ctl/framework/each_id.h"

#include <stdio.h>
#include <string.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/framework/view.h"
#include "ctl/terminal/output.h"

/* --- which ---------------------------------------------------------------------- */

static bool add_id(const struct ctl_call *call, const char *text, GPtrArray *ids)
{
	g_autofree char *complaint = NULL;
	char *id = ctl_value_type_read(&ctl_value_type_id, text, 0, &complaint);

	if (!id) {
		ctl_call_refuse(call, "standard input: %s", complaint);
		return false;
	}
	g_ptr_array_add(ids, id);
	return true;
}

static bool read_ids(const struct ctl_call *call, GPtrArray *ids)
{
	char word[64];

	while (scanf("%63s", word) == 1)
		if (!add_id(call, word, ids))
			return false;
	return true;
}

GPtrArray *ctl_each_id_list(const struct ctl_call *call)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 1; ctl_call_argument(call, i); i++) {
		bool done = strcmp(ctl_call_argument(call, i), "-") == 0
				? read_ids(call, ids)
				: add_id(call, ctl_call_argument(call, i), ids);
		if (!done)
			return NULL;
	}
	return g_steal_pointer(&ids);
}

/* --- what ------------------------------------------------------------------------- */

struct tally {
	unsigned done;
	unsigned not_done; /* there was nothing to do */
	unsigned failed;
};

static bool say_each(const struct ctl_call *call, const struct ctl_section *section,
		     const struct db_rows *rows)
{
	const struct table_style style = output_style();
	g_autoptr(GString) out = g_string_new(NULL);

	if (ctl_call_has(call, "json"))
		ctl_json_append_lines(rows, out);
	else
		ctl_view_append_sentence(section, rows, &style, out);
	return output_write(out->str);
}

static enum ctl_exit_code act(struct ctl_call *call, const char *id, const struct ctl_each_id *each,
			      struct tally *tally)
{
	const struct ctl_section *section = &each->section;
	const char *values[CTL_PARAMETERS_MAX + 1] = {NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) outcome = NULL;

	ctl_view_bind(call, each->parameters, values);
	values[0] = id;
	g_autoptr(db_rows_t) rows = ctl_connect_fetch(call, section->statement, values, &error);
	if (rows && each->outcome)
		outcome = ctl_connect_fetch(call, each->outcome, &id, &error);
	if (error) {
		tally->failed++;
		return ctl_error_message_print(call, error);
	}
	if (db_rows_count(rows) == 0) {
		tally->failed++;
		ctl_call_say(call, "%s: %s", id, section->empty);
		return CTL_EXIT_FAULT;
	}
	*(ctl_view_holds(section, rows) ? &tally->done : &tally->not_done) += 1;
	return say_each(call, section, outcome ? outcome : rows) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

static void say_tally(const struct ctl_call *call, const struct tally *tally)
{
	if (ctl_call_has(call, "json") || tally->done + tally->not_done + tally->failed < 2)
		return;
	printf("%u done", tally->done);
	if (tally->not_done > 0)
		printf(", %u with nothing to do", tally->not_done);
	if (tally->failed > 0)
		printf(", %u refused: see above", tally->failed);
	putchar('\n');
}

enum ctl_exit_code ctl_each_id_run(struct ctl_call *call, const GPtrArray *ids,
				   const struct ctl_each_id *each)
{
	struct tally tally = {0};

	for (guint i = 0; i < ids->len; i++) {
		enum ctl_exit_code exit_code = act(call, ids->pdata[i], each, &tally);

		if (exit_code == CTL_EXIT_TEMPFAIL || exit_code == CTL_EXIT_OUTPUT)
			return exit_code;
	}
	say_tally(call, &tally);
	if (!output_write(""))
		return CTL_EXIT_OUTPUT;
	return tally.failed > 0 || tally.not_done > 0 ? CTL_EXIT_FAULT : CTL_EXIT_OK;
}

enum ctl_exit_code ctl_each_id_run_all(struct ctl_call *call, const struct ctl_each_id *each)
{
	g_autoptr(GPtrArray) ids = ctl_each_id_list(call);

	return ids ? ctl_each_id_run(call, ids, each) : CTL_EXIT_USAGE;
}
