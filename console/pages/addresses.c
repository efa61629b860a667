/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading; what may be done is in acts.c.
 */
#include "console/pages/addresses.h"

#include "console/answer/paging.h"
#include "db/people/console_queries.h"

/* A mail that came back several times has a row for each. */
static bool add_mails(struct page_call *call, const char *address, GError **error)
{
	const struct paging paging = paging_by_key(call);
	const char *const values[] = {address, paging.at, paging.after, paging_limit};
	g_autoptr(db_rows_t) rows = page_fetch(call, &console_queries_address_mails, values, error);

	if (!rows)
		return false;
	page_add_rows(call, "mails", rows);
	paging_set(call, &paging, rows, "recipient_id");
	return true;
}

static bool add_blocks(struct page_call *call, const char *const *address, GError **error)
{
	g_autoptr(db_rows_t) state = page_fetch(call, &console_queries_address, address, error);

	if (!state)
		return false;
	page_set_row(call, state);
	return page_load(call, "blocks", &console_queries_address_blocks, address, error) &&
	       page_load(call, "story", &console_queries_block_story, address, error) &&
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

struct response *addresses_erase(struct page_call *call)
{
	model_set(call->model, "address", form_get(call->request->query, "address"));
	return page_show(call, "erase", 200);
}
