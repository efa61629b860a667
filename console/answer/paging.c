/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Nothing is counted and no row is read twice: a list of ten thousand costs what its page costs.
 */
#include "console/answer/paging.h"

const char paging_limit[] = "50";

struct paging paging_by_number(const struct page_call *call)
{
	return (struct paging){.after = page_id(call->request->query, "after"),
			       .size = PAGING_SIZE};
}

struct paging paging_by_key(const struct page_call *call)
{
	const char *at = form_find(call->request->query, "at");
	const char *after = page_id(call->request->query, "after");

	return at && after ? (struct paging){at, after, PAGING_SIZE}
			   : (struct paging){.size = PAGING_SIZE};
}

static size_t count_entries(const struct db_rows *rows, const char *number)
{
	size_t entries = 0;

	for (size_t row = 0; row < db_rows_count(rows); row++)
		entries += row == 0 || g_strcmp0(db_rows_find(rows, row, number),
						 db_rows_find(rows, row - 1, number)) != 0;
	return entries;
}

void paging_set(struct page_call *call, const struct paging *paging, const struct db_rows *rows,
		const char *number)
{
	model_flag(call->model, "is_later_page", paging->after);
	if (count_entries(rows, number) < paging->size)
		return;
	size_t last = db_rows_count(rows) - 1;
	model_set(call->model, "next_at", db_rows_find(rows, last, "key"));
	model_set(call->model, "next_after", db_rows_find(rows, last, number));
}
