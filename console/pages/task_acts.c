/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each task is a transaction of its own: what is refused is said, the others go on.
 */
#include "console/pages/task_acts.h"

#include <string.h>

#include "console/pages/tasks.h"
#include "console/template/render.h"
#include "db/people/console_queries.h"
#include "db/people/operator_queries.h"
#include "db/values/pg_array.h"

enum {
	REFUSALS_SHOWN = 5,
	PART = 3 * G_USEC_PER_SEC, /* after so long the page says how far it is */
};

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

/* --- which ------------------------------------------------------------------------------------ */

/* The ids of the form, NULL-terminated; what is no number is left out. */
static GPtrArray *chosen_ids(const struct page_call *call)
{
	g_autofree const char **values = form_all(page_fields(call), "id");
	GPtrArray *ids = g_ptr_array_new();

	for (size_t i = 0; values[i]; i++)
		if (g_ascii_string_to_unsigned(values[i], 10, 1, G_MAXINT64, NULL, NULL))
			g_ptr_array_add(ids, (char *)values[i]);
	g_ptr_array_add(ids, NULL);
	return ids;
}

/* To the task, or to the list as it was filtered. */
static struct response *link_to_tasks(struct page_call *call)
{
	const char *const task[] = {"id", page_id(page_fields(call), "task"), NULL};
	g_autoptr(GPtrArray) filter = g_ptr_array_new();

	if (task[1])
		return response_redirect(render_url("/task", task));
	tasks_add_filter(call, filter);
	g_ptr_array_add(filter, NULL);
	return response_redirect(render_url("/tasks", (const char *const *)filter->pdata));
}

/* --- shown first ------------------------------------------------------------------------------ */

struct response *task_acts_choose(struct page_call *call)
{
	static const char *const names[] = {"way", "note", "address", "no_resend", "task"};
	g_autoptr(GPtrArray) ids = chosen_ids(call);
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
	g_autoptr(GPtrArray) ids = chosen_ids(call);
	g_autoptr(GError) error = NULL;

	if (!way || !ids->pdata[0]) {
		session_say(call->session,
			    catalogue_text(call->catalogue,
					   "Choose tasks, and what is to be done with them."),
			    NULL);
		return link_to_tasks(call);
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

/* What became of each. Many are done in parts: the form of the page between two of them carries
 * what became of those before. */
struct outcome {
	GPtrArray *done; /* ids, with a NULL behind them in the end */
	GPtrArray *left; /* those that are not tried yet */
	GString *refused;
	gsize refusals;
};

static void add_ids_before(const struct page_call *call, GPtrArray *done)
{
	g_autofree const char **ids = form_all(page_fields(call), "did");

	for (size_t i = 0; ids[i]; i++)
		g_ptr_array_add(done, g_strdup(ids[i]));
}

static void outcome_begin(const struct page_call *call, struct outcome *outcome)
{
	const struct form *body = call->request->body;

	outcome->done = g_ptr_array_new_with_free_func(g_free);
	outcome->left = g_ptr_array_new_with_free_func(g_free);
	outcome->refused = g_string_new(form_get(body, "refused"));
	outcome->refusals = g_ascii_strtoull(form_get(body, "refusals"), NULL, 10);
	add_ids_before(call, outcome->done);
}

static void outcome_clear(struct outcome *outcome)
{
	g_ptr_array_unref(outcome->done);
	g_ptr_array_unref(outcome->left);
	g_string_free(outcome->refused, TRUE);
}

static void add_refusal(const struct page_call *call, struct outcome *outcome, const char *id,
			const GError *error)
{
	g_autofree char *text = page_fault(call, error);

	if (++outcome->refusals <= REFUSALS_SHOWN)
		g_string_append_printf(outcome->refused, " %s: %s%s", id, text,
				       g_str_has_suffix(text, ".") ? "" : ".");
}

static void do_one(struct page_call *call, const struct db_statement *statement,
		   const char *const values[static 3], struct outcome *outcome)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = page_act(call, statement, values, &error);

	if (rows && db_rows_count(rows) > 0)
		g_ptr_array_add(outcome->done, g_strdup(values[0]));
	else if (error)
		add_refusal(call, outcome, values[0], error);
}

/* The statement for each id, which is put before the values, until the time of a part is over. */
static void do_each(struct page_call *call, const struct db_statement *statement,
		    const char *const values[static 2], struct outcome *outcome)
{
	g_autoptr(GPtrArray) ids = chosen_ids(call);
	gint64 began = g_get_monotonic_time();

	outcome_begin(call, outcome);
	for (guint i = 0; ids->pdata[i]; i++) {
		const char *const all[] = {ids->pdata[i], values[0], values[1]};

		if (i == 0 || g_get_monotonic_time() - began < PART)
			do_one(call, statement, all, outcome);
		else
			g_ptr_array_add(outcome->left, g_strdup(ids->pdata[i]));
	}
	g_ptr_array_add(outcome->done, NULL);
}

static void keep_field(struct page_call *call, const char *name, const char *value)
{
	struct model *field = model_add(call->model, "fields");

	model_set(field, "name", name);
	model_set(field, "value", value);
}

/* What was sent goes on with the tasks that are left. */
static struct response *show_part(struct page_call *call, const struct outcome *outcome)
{
	static const char *const names[] = {"way", "note", "address", "no_resend", "task",
					    "why", "mine", "nobody",  "owner",     "until"};
	g_autofree char *done = g_strdup_printf("%u", outcome->done->len - 1);
	g_autofree char *left = g_strdup_printf("%u", outcome->left->len);
	g_autofree char *step = g_strconcat("step_", call->request->path + strlen("/tasks/"), NULL);
	g_autofree char *total = g_strdup_printf("%u", outcome->done->len - 1 + outcome->left->len);
	g_autofree char *refusals = g_strdup_printf("%" G_GSIZE_FORMAT, outcome->refusals);

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		keep_field(call, names[i], form_get(call->request->body, names[i]));
	for (guint i = 0; i < outcome->left->len; i++)
		keep_field(call, "id", outcome->left->pdata[i]);
	for (guint i = 0; outcome->done->pdata[i]; i++)
		keep_field(call, "did", outcome->done->pdata[i]);
	keep_field(call, "refused", outcome->refused->str);
	keep_field(call, "refusals", refusals);
	model_set(call->model, "done", done);
	model_set(call->model, "left", left);
	model_set(call->model, "total", total);
	model_flag(call->model, step, true);
	tasks_keep_filter(call);
	page_mark_once(call);
	return page_show(call, "part", 200);
}

/* said: what was done, in words; the next page says it. Clears the outcome. */
static struct response *tell_task_act(struct page_call *call, struct outcome *outcome, char *said,
				      bool can_undo)
{
	g_autofree char *words = said;

	if (outcome->left->len > 0) {
		struct response *response = show_part(call, outcome);

		outcome_clear(outcome);
		return response;
	}
	g_autofree char *refused =
	    page_words(call, "{count} was refused.", "{count} were refused.", outcome->refusals);
	g_autofree char *notice =
	    outcome->refusals == 0 ? g_strdup(words)
				   : g_strconcat(words, " ", refused, outcome->refused->str, NULL);

	session_say(call->session, notice,
		    can_undo ? (const char *const *)outcome->done->pdata : NULL);
	outcome_clear(outcome);
	return link_to_tasks(call);
}

static gsize count_done(const struct outcome *outcome)
{
	return outcome->done->len - 1;
}

static struct response *resolve_task(struct page_call *call)
{
	const struct way *way = chosen_way(call);
	struct outcome outcome = {0};

	if (!way)
		return link_to_tasks(call);
	const char *const values[] = {way_note(call), way_third(call, way)};
	do_each(call, way->statement, values, &outcome);
	char *said = page_words(call, "{count} task is done.", "{count} tasks are done.",
				count_done(&outcome));
	return tell_task_act(call, &outcome, said, true);
}

struct response *task_acts_resolve(struct page_call *call)
{
	return page_do_once(call, resolve_task, link_to_tasks);
}

struct response *task_acts_reopen(struct page_call *call)
{
	const char *why = form_find(call->request->body, "why");
	const char *const values[] = {
	    why ? why : catalogue_text(call->catalogue, "taken back in the console"), NULL};
	struct outcome outcome = {0};

	do_each(call, &operator_queries_task_reopen, values, &outcome);
	char *said =
	    page_words(call, "{count} task is open again, as it was before.",
		       "{count} tasks are open again, as they were before.", count_done(&outcome));
	return tell_task_act(call, &outcome, said, false);
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
	struct outcome outcome = {0};

	do_each(call, &operator_queries_task_assign, values, &outcome);
	char *said = say_whose(call, owner, count_done(&outcome));
	return tell_task_act(call, &outcome, said, false);
}

struct response *task_acts_postpone(struct page_call *call)
{
	const struct form *body = call->request->body;
	const char *const values[] = {form_find(body, "until"), form_get(body, "note")};
	struct outcome outcome = {0};

	if (!values[0]) {
		session_say(call->session,
			    catalogue_text(call->catalogue, "Choose a day to postpone it to."),
			    NULL);
		return link_to_tasks(call);
	}
	do_each(call, &operator_queries_task_postpone, values, &outcome);
	char *said = page_words(call, "{count} task is postponed.", "{count} tasks are postponed.",
				count_done(&outcome));
	return tell_task_act(call, &outcome, said, false);
}

static struct response *note_task(struct page_call *call)
{
	const char *const values[] = {form_get(call->request->body, "note"), NULL};
	struct outcome outcome = {0};

	do_each(call, &operator_queries_task_note, values, &outcome);
	char *said = page_words(call, "{count} task has the note.", "{count} tasks have the note.",
				count_done(&outcome));
	return tell_task_act(call, &outcome, said, false);
}

struct response *task_acts_note(struct page_call *call)
{
	return page_do_once(call, note_task, link_to_tasks);
}
