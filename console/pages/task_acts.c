/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which statement each way is; how it is done with many is in task_parts.c.
 */
#include "console/pages/task_acts.h"

#include <string.h>

#include "console/pages/task_parts.h"
#include "console/pages/tasks.h"
#include "console/template/render.h"
#include "db/people/console_queries.h"
#include "db/people/operator_queries.h"
#include "db/values/pg_array.h"

/* The ways to resolve a task, as bounce.preview_task() calls them. The second value of a statement
 * is the note; the third is named here. */
static const struct way {
	const char *name;
	const struct db_statement *statement;
	const char *third;
} ways[] = {
    {"done", &operator_queries_task_resolve, NULL},
    {"corrected", &operator_queries_task_corrected, "address"},
    {"suggested", &operator_queries_task_suggested, NULL},
    {"unblocked", &operator_queries_task_unblocked, "no_resend"},
    {"dead", &operator_queries_task_dead, NULL},
    {"arrived", &operator_queries_task_arrived, NULL},
    {"dismissed", &operator_queries_task_outage_dismiss, "no_resend"},
    {"confirmed", &operator_queries_task_outage_real, NULL},
};

static const struct way *chosen_way(const struct page_call *call)
{
	const char *name = form_get(page_fields(call), "way");

	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	return NULL;
}

static const char *way_note(const struct page_call *call)
{
	return form_get(page_fields(call), "note");
}

static const char *way_third(const struct page_call *call, const struct way *way)
{
	return way->third ? form_find(page_fields(call), way->third) : NULL;
}

/* --- shown first ------------------------------------------------------------------------------ */

struct response *task_acts_choose(struct page_call *call)
{
	static const char *const names[] = {"way", "note", "address", "no_resend", "task"};
	g_autoptr(GPtrArray) ids = task_parts_ids(call);
	g_autoptr(GPtrArray) parameters = g_ptr_array_new();

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_ptr_array_add(parameters, (char *)names[i]);
		g_ptr_array_add(parameters, (char *)form_get(call->request->body, names[i]));
	}
	tasks_add_filter(call, parameters);
	for (guint i = 0; ids->pdata[i]; i++) {
		g_ptr_array_add(parameters, (char *)"id");
		g_ptr_array_add(parameters, ids->pdata[i]);
	}
	g_ptr_array_add(parameters, NULL);
	struct response *response =
	    page_preview_at("/tasks/preview", (const char *const *)parameters->pdata);
	return response ? response : task_acts_preview(call);
}

/* possible: how many tasks it is possible with. */
static struct response *show_preview(struct page_call *call, const struct way *way, size_t possible)
{
	const struct form *body = page_fields(call);
	g_autofree char *count = g_strdup_printf("%zu", possible);

	model_set(call->model, "possible", possible > 0 ? count : NULL);
	g_autofree char *way_words = g_strconcat("way: ", way->name, NULL);
	model_set(call->model, "way", way->name);
	model_set(call->model, "way_words", way_words);
	model_set(call->model, "note", form_get(body, "note"));
	model_set(call->model, "given_address", form_get(body, "address"));
	model_set(call->model, "no_resend", form_get(body, "no_resend"));
	model_set(call->model, "task", page_id(body, "task"));
	tasks_keep_filter(call);
	page_mark_once(call);
	return page_show(call, "preview", 200);
}

static struct response *show_seen(struct page_call *call, const struct way *way,
				  const struct db_rows *rows)
{
	size_t possible = 0;

	for (size_t row = 0; row < db_rows_count(rows); row++)
		possible += db_rows_is_true(rows, row, "is_possible");
	page_add_rows(call, "tasks", rows);
	return show_preview(call, way, possible);
}

/* They are about so many mails that what would be done cannot be shown in time. */
static struct response *show_unseen(struct page_call *call, const struct way *way,
				    const GPtrArray *ids)
{
	size_t count = 0;

	for (; ids->pdata[count]; count++) {
		struct model *task = model_add(call->model, "tasks");

		model_set(task, "id", ids->pdata[count]);
		model_flag(task, "is_possible", true);
	}
	model_flag(call->model, "is_unseen", true);
	return show_preview(call, way, count);
}

/* Of one task it is shown what would happen to whom, unless that takes too long. */
static void add_effects(struct page_call *call, const struct way *way, const char *id)
{
	const char *const values[] = {id, way_note(call), way_third(call, way)};
	const struct db_trial trial = {way->statement, &console_queries_changed_mails, values};
	struct db_rows *answers[2];

	if (!db_rows_try(call->session->pool, &trial, answers, NULL))
		return;
	page_add_effects(call, answers[1]);
	db_rows_free(answers[0]);
	db_rows_free(answers[1]);
}

struct response *task_acts_preview(struct page_call *call)
{
	const struct form *body = page_fields(call);
	const struct way *way = chosen_way(call);
	g_autoptr(GPtrArray) ids = task_parts_ids(call);
	g_autoptr(GError) error = NULL;

	if (!way || !ids->pdata[0]) {
		session_say(call->session,
			    catalogue_text(call->catalogue,
					   "Choose tasks, and what is to be done with them."),
			    NULL);
		return task_parts_link(call);
	}
	g_autofree char *array = pg_array_write((const char *const *)ids->pdata);
	const char *const values[] = {array, way->name, form_get(body, "note"),
				      form_get(body, "address"), form_find(body, "no_resend")};
	g_autoptr(db_rows_t) rows =
	    page_fetch(call, &operator_queries_task_preview, values, &error);
	if (!rows)
		return db_error_is_late(error) ? show_unseen(call, way, ids)
					       : page_fail(call, error);
	if (db_rows_count(rows) == 1 && db_rows_is_true(rows, 0, "is_possible"))
		add_effects(call, way, ids->pdata[0]);
	return show_seen(call, way, rows);
}

/* --- done ------------------------------------------------------------------------------------- */

static struct response *resolve_task(struct page_call *call)
{
	const struct way *way = chosen_way(call);
	struct task_parts outcome = {0};

	if (!way)
		return task_parts_link(call);
	const char *const values[] = {way_note(call), way_third(call, way)};
	task_parts_do(call, way->statement, values, &outcome);
	char *said = page_words(call, "{count} task is done.", "{count} tasks are done.",
				task_parts_count(&outcome));
	return task_parts_tell(call, &outcome, said, true);
}

struct response *task_acts_resolve(struct page_call *call)
{
	return page_do_once(call, resolve_task, task_parts_link);
}

struct response *task_acts_reopen(struct page_call *call)
{
	const char *why = form_find(call->request->body, "why");
	const char *const values[] = {
	    why ? why : catalogue_text(call->catalogue, "taken back in the console"), NULL};
	struct task_parts outcome = {0};

	task_parts_do(call, &operator_queries_task_reopen, values, &outcome);
	char *said = page_words(call, "{count} task is open again, as it was before.",
				"{count} tasks are open again, as they were before.",
				task_parts_count(&outcome));
	return task_parts_tell(call, &outcome, said, false);
}

static char *say_whose(const struct page_call *call, const char *owner, gsize count)
{
	if (*owner == '\0')
		return page_words(call, "{count} task is nobody's.", "{count} tasks are nobody's.",
				  count);
	if (strcmp(owner, call->session->name) == 0)
		return page_words(call, "{count} task is yours.", "{count} tasks are yours.",
				  count);
	return page_words(call, "{count} task is another person's.",
			  "{count} tasks are another person's.", count);
}

struct response *task_acts_assign(struct page_call *call)
{
	const struct form *body = call->request->body;
	const char *owner = form_find(body, "mine")     ? call->session->name
			    : form_find(body, "nobody") ? ""
							: form_get(body, "owner");
	const char *const values[] = {owner, form_get(body, "note")};
	struct task_parts outcome = {0};

	task_parts_do(call, &operator_queries_task_assign, values, &outcome);
	char *said = say_whose(call, owner, task_parts_count(&outcome));
	return task_parts_tell(call, &outcome, said, false);
}

struct response *task_acts_postpone(struct page_call *call)
{
	const struct form *body = call->request->body;
	const char *const values[] = {form_find(body, "until"), form_get(body, "note")};
	struct task_parts outcome = {0};

	if (!values[0]) {
		session_say(call->session,
			    catalogue_text(call->catalogue, "Choose a day to postpone it to."),
			    NULL);
		return task_parts_link(call);
	}
	task_parts_do(call, &operator_queries_task_postpone, values, &outcome);
	char *said = page_words(call, "{count} task is postponed.", "{count} tasks are postponed.",
				task_parts_count(&outcome));
	return task_parts_tell(call, &outcome, said, false);
}

static struct response *note_task(struct page_call *call)
{
	const char *const values[] = {form_get(call->request->body, "note"), NULL};
	struct task_parts outcome = {0};

	task_parts_do(call, &operator_queries_task_note, values, &outcome);
	char *said = page_words(call, "{count} task has the note.", "{count} tasks have the note.",
				task_parts_count(&outcome));
	return task_parts_tell(call, &outcome, said, false);
}

struct response *task_acts_note(struct page_call *call)
{
	return page_do_once(call, note_task, task_parts_link);
}
