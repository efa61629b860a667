/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading.
 */
#include "console/pages/tasks.h"

#include <string.h>

#include "console/answer/paging.h"
#include "db/people/console_queries.h"
#include "db/people/operator_queries.h"

static const char *const kinds[] = {
    "hard_bounce", "resend_exhausted", "soft_bounces",
    "complaint",   "auto_reply",       "process_paused",
    "outage",      "delivery_problem", "bounce_without_communication",
    NULL};
static const char *const orders[] = {"due", "age", "count", "domain", NULL};
static const char *const owners[] = {"me", "nobody", NULL};
/* How many tasks a page may have: all of them can be chosen, and one form holds them. */
static const char *const sizes[] = {"50", "200", "400", NULL};

static bool is_listed_word(const char *const *words, const char *word)
{
	return word && g_strv_contains(words, word);
}

static const char *word_of(const struct form *form, const char *name, const char *const *words)
{
	const char *word = form_find(form, name);

	return is_listed_word(words, word) ? word : NULL;
}

/* --- the list --------------------------------------------------------------------------------- */

static const char *chosen_size(const struct page_call *call)
{
	const char *size = word_of(call->request->query, "size", sizes);

	return size ? size : sizes[0];
}

static struct db_rows *fetch_list(struct page_call *call, const struct paging *paging,
				  GError **error)
{
	const struct form *query = call->request->query;
	const char *owner = form_get(query, "owner");
	bool is_mine = strcmp(owner, "me") == 0;
	bool is_nobodys = strcmp(owner, "nobody") == 0;
	const char *const values[CONSOLE_TASKS_PARAMETERS] = {
	    [CONSOLE_TASKS_STATUS] = form_find(query, "closed") ? "done" : "open",
	    [CONSOLE_TASKS_OWNER] = is_mine ? call->session->name : NULL,
	    [CONSOLE_TASKS_NOBODY] = is_nobodys ? "true" : NULL,
	    [CONSOLE_TASKS_KIND] = form_find(query, "kind"),
	    [CONSOLE_TASKS_PROCESS] = form_find(query, "process"),
	    [CONSOLE_TASKS_TEXT] = form_find(query, "text"),
	    [CONSOLE_TASKS_OVERDUE] = form_find(query, "overdue") ? "true" : NULL,
	    [CONSOLE_TASKS_ORDER] = word_of(query, "order", orders),
	    [CONSOLE_TASKS_AFTER] = paging->after,
	    [CONSOLE_TASKS_LIMIT] = chosen_size(call),
	};

	return page_fetch(call, &console_queries_tasks, values, error);
}

static const char *const filter_names[] = {"kind",    "process", "owner", "text",
					   "overdue", "closed",  "order", "size"};

void tasks_add_filter(const struct page_call *call, GPtrArray *parameters)
{
	for (size_t i = 0; i < G_N_ELEMENTS(filter_names); i++) {
		g_ptr_array_add(parameters, (char *)filter_names[i]);
		g_ptr_array_add(parameters, (char *)form_get(page_fields(call), filter_names[i]));
	}
}

void tasks_keep_filter(struct page_call *call)
{
	for (size_t i = 0; i < G_N_ELEMENTS(filter_names); i++) {
		const char *value = form_get(page_fields(call), filter_names[i]);
		g_autofree char *name = g_strconcat("filter_", filter_names[i], NULL);

		model_set(call->model, name, value);
		if (*value == '\0')
			continue;
		struct model *field = model_add(call->model, "filter");
		model_set(field, "filter_name", filter_names[i]);
		model_set(field, "filter_value", value);
	}
}

static void set_filter(struct page_call *call)
{
	const struct form *query = call->request->query;

	tasks_keep_filter(call);
	page_add_choices(call, "kinds", kinds, form_get(query, "kind"));
	page_add_choices(call, "orders", orders, form_get(query, "order"));
	page_add_choices(call, "owners", owners, form_get(query, "owner"));
	page_add_choices(call, "sizes", sizes, chosen_size(call));
}

struct response *tasks_list(struct page_call *call)
{
	struct paging paging = paging_by_number(call);
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = fetch_list(call, &paging, &error);

	if (!rows || !page_add_processes(call, form_get(call->request->query, "process"), &error))
		return page_fail(call, error);
	set_filter(call);
	paging.size = g_ascii_strtoull(chosen_size(call), NULL, 10);
	paging_set(call, &paging, rows, "id");
	model_set(call->model, "after", paging.after);
	model_flag(call->model, "all", form_find(call->request->query, "all"));
	model_flag(call->model, "tasks_are_open",
		   db_rows_count(rows) > 0 && call->session->may_act &&
		       !form_find(call->request->query, "closed"));
	page_add_rows(call, "tasks", rows);
	return page_show(call, "tasks", 200);
}

/* --- one task --------------------------------------------------------------------------------- */

/* What each way would do, unless it is about so many mails that finding out takes too long. */
static bool load_ways(struct page_call *call, const char *const *id, GError **error)
{
	g_autoptr(GError) fault = NULL;
	g_autoptr(db_rows_t) ways =
	    db_rows_glance(call->session->pool, &console_queries_ways, id, &fault);

	if (ways) {
		page_add_list(call, "ways", ways);
		return true;
	}
	if (db_error_is_late(fault))
		return page_load(call, "ways", &console_queries_possible_ways, id, error);
	g_propagate_error(error, g_steal_pointer(&fault));
	return false;
}

static bool load_parts(struct page_call *call, const char *const *id, GError **error)
{
	const char *const me[] = {call->session->name};

	return load_ways(call, id, error) &&
	       page_load(call, "people", &console_queries_people, me, error) &&
	       page_load(call, "mails", &operator_queries_task_mails, id, error) &&
	       page_load(call, "held", &operator_queries_task_held, id, error) &&
	       page_load(call, "story", &console_queries_task_story, id, error);
}

/* Where an act cannot be previewed by somebody who may only read, there are no ways to show. */
static bool load_readable_parts(struct page_call *call, const char *const *id, GError **error)
{
	return page_load(call, "mails", &operator_queries_task_mails, id, error) &&
	       page_load(call, "story", &console_queries_task_story, id, error);
}

/* What else can be done about it than to resolve it. */
static void set_remedy(struct page_call *call, const struct db_rows *task)
{
	const char *reason = db_rows_find(task, 0, "reason");
	bool is_paused = g_strcmp0(db_rows_find(task, 0, "kind"), "process_paused") == 0;

	model_flag(call->model, "is_about_events", g_strcmp0(reason, "webhook") == 0);
	model_flag(call->model, "is_about_letters", g_strcmp0(reason, "operator_copy") == 0);
	model_flag(call->model, "is_about_process", is_paused);
	model_flag(call->model, "is_for_operator",
		   is_paused && (call->session->is_operator || call->session->is_admin));
}

static bool add_task(struct page_call *call, const struct db_rows *task, const char *const *id,
		     GError **error)
{
	bool may_act = call->session->may_act;
	bool is_open = g_strcmp0(db_rows_find(task, 0, "status"), "open") == 0;
	g_autofree char *resolved =
	    g_strconcat("resolved: ", db_rows_find(task, 0, "resolution"), NULL);
	g_autoptr(db_rows_t) said = page_fetch(call, &console_queries_task_said, id, error);

	if (!said)
		return false;
	page_set_row(call, task);
	if (db_rows_count(said) > 0)
		page_set_row(call, said);
	model_set(call->model, "task", id[0]);
	model_set(call->model, "resolved", resolved);
	model_flag(call->model, "is_open", is_open && may_act);
	set_remedy(call, task);
	page_mark_once(call);
	model_flag(call->model, "is_done", !is_open && may_act);
	return (may_act ? load_parts : load_readable_parts)(call, id, error);
}

struct response *tasks_show(struct page_call *call)
{
	const char *const id[] = {page_id(call->request->query, "id")};
	g_autoptr(GError) error = NULL;

	if (!id[0])
		return page_missing(call, "There is no such task.");
	g_autoptr(db_rows_t) task = page_fetch(call, &operator_queries_task, id, &error);
	if (!task)
		return page_fail(call, error);
	if (db_rows_count(task) == 0)
		return page_missing(call, "There is no such task.");
	return add_task(call, task, id, &error) ? page_show(call, "task", 200)
						: page_fail(call, error);
}
