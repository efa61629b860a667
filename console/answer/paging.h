/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Long lists, a page at a time: a page begins after the last row of the one before, by its number
 * or by the key that it is ordered by, and not after so many rows.
 */
#ifndef CONSOLE_ANSWER_PAGING_H
#define CONSOLE_ANSWER_PAGING_H

#include "console/answer/page.h"

enum { PAGING_SIZE = 50 };
/* The same, for a statement. */
extern const char paging_limit[];

/* The row that the page begins after; NULL: it is the first page. */
struct paging {
	const char *at;    /* its key; NULL also in a list that is ordered by the number */
	const char *after; /* its number */
	size_t size;       /* of the page */
};

struct paging paging_by_number(const struct page_call *call);
struct paging paging_by_key(const struct page_call *call);

/* For the links to the first page and, where this one is full, to the next: the last row has its
 * key in the column "key", and its number in the column that is named. Rows with one number are one
 * entry of the list. */
void paging_set(struct page_call *call, const struct paging *paging, const struct db_rows *rows,
		const char *number);

#endif
