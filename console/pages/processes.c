/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading; making one, giving and taking it are acts (act_definitions.c).
 */
#include "console/pages/processes.h"

#include "db/people/console_admin.h"
#include "db/people/queue_queries.h"

struct response *processes_list(struct page_call *call)
{
	const char *const part_of_name[] = {NULL};
	g_autoptr(GError) error = NULL;

	if (!page_load(call, "rows", &queue_queries_processes, part_of_name, &error))
		return page_fail(call, error);
	return page_show(call, "process_list", 200);
}

struct response *processes_show(struct page_call *call)
{
	const char *const name[] = {form_get(call->request->query, "name")};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) process = page_fetch(call, &queue_queries_process, name, &error);

	if (!process)
		return page_fail(call, error);
	if (db_rows_count(process) == 0)
		return page_missing(call, "There is no such process.");
	page_set_row(call, process);
	model_set(call->model, "name", name[0]);
	if (!page_load(call, "history", &queue_queries_process_history, name, &error) ||
	    !page_load(call, "roles", &console_admin_applications, NULL, &error))
		return page_fail(call, error);
	return page_show(call, "process_access", 200);
}
