/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading; what is imported, and taken back, is an act (act_definitions.c).
 */
#include "console/pages/blocks.h"

#include <stdio.h>

#include "console/answer/csv.h"
#include "console/answer/paging.h"
#include "db/people/block_queries.h"
#include "db/people/console_queries.h"

enum { BATCH = 1000 };

static const char imports_limit[] = "20";

static bool add_page_of_blocks(struct page_call *call, GError **error)
{
	const struct form *query = call->request->query;
	const struct paging paging = paging_by_number(call);
	const char *const values[] = {form_find(query, "text"), form_find(query, "process"),
				      form_find(query, "lifted") ? "true" : NULL, paging.after,
				      paging_limit};
	g_autoptr(db_rows_t) rows = page_fetch(call, &console_queries_blocks, values, error);

	if (!rows)
		return false;
	page_add_rows(call, "blocks", rows);
	paging_set(call, &paging, rows, "id");
	model_set(call->model, "filter_text", values[0]);
	model_set(call->model, "filter_process", values[1]);
	model_set(call->model, "filter_lifted", values[2]);
	return page_add_processes(call, form_get(query, "process"), error);
}

struct response *blocks_list(struct page_call *call)
{
	const char *const limit[] = {imports_limit};
	g_autoptr(GError) error = NULL;

	if (!add_page_of_blocks(call, &error) ||
	    !page_load(call, "imports", &block_queries_imports, limit, &error))
		return page_fail(call, error);
	return page_show(call, "blocks", 200);
}

/* --- the file --------------------------------------------------------------------------------- */

static bool write_blocks(struct page_call *call, FILE *file, GError **error)
{
	g_autofree char *after = NULL;

	for (bool is_first = true;; is_first = false) {
		const char *const values[] = {form_find(call->request->query, "process"), after};
		g_autoptr(db_rows_t) rows =
		    page_fetch(call, &console_queries_block_file, values, error);

		if (!rows || !csv_write_batch(call, file, rows, is_first, error))
			return false;
		if (db_rows_count(rows) < BATCH)
			return true;
		g_free(after);
		after = g_strdup(db_rows_find(rows, db_rows_count(rows) - 1, "address"));
	}
}

struct response *blocks_export(struct page_call *call)
{
	g_autoptr(GError) error = NULL;
	FILE *file = tmpfile();

	if (!file)
		return page_missing(call, "There is no room for the file.");
	if (!write_blocks(call, file, &error)) {
		fclose(file);
		return page_fail(call, error);
	}
	return response_download(csv_type, file, g_strdup("blocks.csv"));
}
