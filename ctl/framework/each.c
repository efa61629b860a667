/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One after the other.
 */
#include "ctl/framework/each.h"

#include <stdio.h>
#include <string.h>

#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"
#include "ctl/framework/value.h"

/* --- which ---------------------------------------------------------------------- */

static bool add_id(const struct ctl_call *call, const char *text, GPtrArray *ids)
{
	g_autofree char *complaint = NULL;
	char *id = ctl_value_read("ID", text, 0, &complaint);

	if (id == NULL) {
		ctl_refuse(call->command, "standard input: %s", complaint);
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

GPtrArray *ctl_each_ids(const struct ctl_call *call)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 1; ctl_argument(call, i) != NULL; i++) {
		bool done = strcmp(ctl_argument(call, i), "-") == 0
				? read_ids(call, ids)
				: add_id(call, ctl_argument(call, i), ids);
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

static bool say(const struct ctl_call *call, const struct ctl_section *section,
		const struct db_rows *rows)
{
	const struct table_style style = ctl_output_style();
	g_autoptr(GString) out = g_string_new(NULL);

	if (ctl_flag(call, "json"))
		ctl_output_json_lines(rows, out);
	else
		ctl_view_sentence(section, rows, &style, out);
	return ctl_output_write(out->str);
}

static int act(const struct ctl_call *call, struct db_pool *pool, const char *id,
	       const struct ctl_each *each, struct tally *tally)
{
	g_autofree const char **values = ctl_view_bind(call, each->binds);
	g_autoptr(GError) error = NULL;

	values[0] = id;
	g_autoptr(db_rows_t) rows = db_rows_fetch(pool, each->section.statement, values, &error);
	g_autoptr(db_rows_t) outcome = rows == NULL || each->outcome == NULL
					   ? NULL
					   : db_rows_fetch(pool, each->outcome, &id, &error);
	if (error != NULL) {
		tally->failed++;
		return ctl_output_error(call, error);
	}
	if (db_rows_count(rows) == 0) {
		tally->failed++;
		fprintf(stderr, "bouncectl %s: %s: %s\n", call->command->name, id,
			each->section.empty);
		return CTL_EXIT_FAULT;
	}
	const char *done =
	    each->section.unless == NULL ? "true" : db_rows_find(rows, 0, each->section.unless);
	*(g_strcmp0(done, "true") == 0 ? &tally->done : &tally->not_done) += 1;
	return say(call, &each->section, outcome != NULL ? outcome : rows) ? CTL_EXIT_OK
									   : CTL_EXIT_OUTPUT;
}

static void say_tally(const struct ctl_call *call, const struct tally *tally)
{
	if (ctl_flag(call, "json") || tally->done + tally->not_done + tally->failed < 2)
		return;
	printf("%u done", tally->done);
	if (tally->not_done > 0)
		printf(", %u with nothing to do", tally->not_done);
	if (tally->failed > 0)
		printf(", %u refused: see above", tally->failed);
	putchar('\n');
}

int ctl_each_run(struct ctl_call *call, struct db_pool *pool, const GPtrArray *ids,
		 const struct ctl_each *each)
{
	struct tally tally = {0};

	for (guint i = 0; i < ids->len; i++) {
		int status = act(call, pool, ids->pdata[i], each, &tally);
		if (status == CTL_EXIT_TEMPFAIL || status == CTL_EXIT_OUTPUT)
			return status;
	}
	say_tally(call, &tally);
	if (!ctl_output_write(""))
		return CTL_EXIT_OUTPUT;
	return tally.failed > 0 || tally.not_done > 0 ? CTL_EXIT_FAULT : CTL_EXIT_OK;
}
