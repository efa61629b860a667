/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading; what may be done is in acts.c.
 */
#include "console/pages/addresses.h"

#include "db/people/block_queries.h"
#include "db/people/console_queries.h"

enum { PAGE_SIZE = 50 };
static const char limit[] = "50";

/* A mail that came back several times has a row for each; the page ends with a mail, not a row. */
static bool add_mails(struct page_call *call, const char *address, GError **error)
{
	const struct form *query = call->request->query;
	const char *at = form_find(query, "at");
	const char *after = page_id(query, "after");
	const char *const values[] = {address, after ? at : NULL, at ? after : NULL, limit};
	g_autoptr(db_rows_t) rows = page_fetch(call, &console_queries_address_mails, values, error);
	size_t mails = 0;

	if (!rows)
		return false;
	size_t count = db_rows_count(rows);
	for (size_t row = 0; row < count; row++)
		mails += row == 0 || g_strcmp0(db_rows_find(rows, row, "recipient_id"),
					       db_rows_find(rows, row - 1, "recipient_id")) != 0;
	page_add_rows(call, "mails", rows);
	if (mails == PAGE_SIZE) {
		model_set(call->model, "next_at", db_rows_find(rows, count - 1, "key"));
		model_set(call->model, "next_after", db_rows_find(rows, count - 1, "recipient_id"));
	}
	model_flag(call->model, "is_later_page", at && after);
	return true;
}

static bool add_blocks(struct page_call *call, const char *const *address, GError **error)
{
	g_autoptr(db_rows_t) state = page_fetch(call, &console_queries_address, address, error);

	if (!state)
		return false;
	page_set_row(call, state);
	return page_load(call, "blocks", &console_queries_address_blocks, address, error) &&
	       page_load(call, "story", &block_queries_story, address, error) &&
	       page_add_processes(call, "", error);
}

struct response *addresses_show(struct page_call *call)
{
	const char *const address[] = {form_find(call->request->query, "address")};
	g_autoptr(GError) error = NULL;

	if (!address[0])
		return page_missing(call, "There is no such page.");
	if (!add_blocks(call, address, &error) || !add_mails(call, address[0], &error))
		return page_fail(call, error);
	return page_show(call, "address", 200);
}
