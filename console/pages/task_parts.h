/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One act with many tasks, in parts of a few seconds, so that no minute is silent: between two of
 * them a page says how far it is, and its form carries what is left and what became of the others.
 */
#ifndef CONSOLE_PAGES_TASK_PARTS_H
#define CONSOLE_PAGES_TASK_PARTS_H

#include "console/answer/page.h"

/* What became of each. */
struct task_parts {
	GPtrArray *done; /* ids, with a NULL behind them in the end */
	GPtrArray *left; /* those that are not tried yet */
	GString *refused;
	gsize refusals;
};

/* The ids of the form, NULL-terminated; what is no number is left out. */
GPtrArray *task_parts_ids(const struct page_call *call);
/* To the task, or to the list as it was filtered. */
struct response *task_parts_link(struct page_call *call);

/* Sets parts: the statement for each id, which is put before the values, until the time of a part
 * is over. */
void task_parts_do(struct page_call *call, const struct db_statement *statement,
		   const char *const values[static 2], struct task_parts *parts);
gsize task_parts_count(const struct task_parts *parts);
/* said, which it takes: what was done, in words; the page says it, or how far it is. Clears parts.
 */
struct response *task_parts_tell(struct page_call *call, struct task_parts *parts, char *said,
				 bool can_undo);

#endif
