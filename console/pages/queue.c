/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading; pausing and the like are in acts.c.
 */
#include "console/pages/queue.h"

#include "console/answer/paging.h"
#include "db/people/console_queries.h"
#include "db/people/queue_queries.h"

static const char *const states[] = {"waiting", "PROCESSING", "held", "ERROR", "SUCCESS", NULL};

static const char *chosen_state(const struct page_call *call)
{
	const char *state = form_get(call->request->query, "state");

	return g_strv_contains(states, state) ? state : states[0];
}

static bool add_queued_mails(struct page_call *call, GError **error)
{
	const struct form *query = call->request->query;
	const struct paging paging = paging_by_number(call);
	const char *const values[] = {chosen_state(call), form_find(query, "process"), paging.after,
				      paging_limit};
	g_autoptr(db_rows_t) rows = page_fetch(call, &console_queries_queue, values, error);

	if (!rows)
		return false;
	page_add_rows(call, "mails", rows);
	paging_set(call, &paging, rows, "communication_id");
	model_set(call->model, "filter_state", values[0]);
	model_set(call->model, "filter_process", values[1]);
	page_add_choices(call, "states", states, values[0]);
	return page_add_processes(call, form_get(query, "process"), error);
}

struct response *queue_show(struct page_call *call)
{
	g_autoptr(GError) error = NULL;

	if (!page_load(call, "servers", &queue_servers, NULL, &error) ||
	    !page_load(call, "rows", &console_queries_queue_processes, NULL, &error) ||
	    !add_queued_mails(call, &error))
		return page_fail(call, error);
	return page_show(call, "queue", 200);
}
