/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The rule is the one that bouncectl proposes; it is not tried here, where no rule file is read.
 */
#include "console/pages/letters.h"

#include "classifier/rules/proposal.h"
#include "console/pages/paging.h"
#include "db/people/console_queries.h"
#include "db/people/operator_queries.h"

struct response *letters_list(struct page_call *call)
{
	const struct paging paging = paging_by_key(call);
	const char *const values[] = {paging.at, paging.after, paging_limit};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = page_fetch(call, &console_queries_letters, values, &error);

	if (!rows)
		return page_fail(call, error);
	page_add_rows(call, "letters", rows);
	paging_set(call, &paging, rows, "id");
	return page_show(call, "letters", 200);
}

/* NULL: its words say too little. Heap. */
static char *rule_for(const struct db_rows *bounce, const char *reason)
{
	const char *diagnostic = db_rows_find(bounce, 0, "diagnostic");
	const char *remote_mta = db_rows_find(bounce, 0, "remote_mta");
	g_autofree char *id = g_strconcat("bounce-", db_rows_find(bounce, 0, "id"), NULL);
	const struct proposal proposal = {.id = id,
					  .reason = reason,
					  .diagnostic = diagnostic ? diagnostic : "",
					  .remote_mta = remote_mta ? remote_mta : ""};

	return proposal_rule(&proposal);
}

bool letters_propose(struct page_call *call, GError **error)
{
	const char *const id[] = {page_id(page_fields(call), "id")};
	const char *reason = form_get(page_fields(call), "reason");
	g_autoptr(db_rows_t) bounce = page_fetch(call, &operator_queries_bounce, id, error);

	if (!bounce)
		return false;
	g_autofree char *rule = db_rows_count(bounce) > 0 ? rule_for(bounce, reason) : NULL;
	const char *const values[] = {rule, reason};
	model_flag(call->model, "has_proposal", true);
	model_set(call->model, "rule", rule);
	return !rule || page_load(call, "hits", &operator_queries_rule_hits, values, error);
}
