/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each task is a transaction of its own: what is refused is said, the others go on.
 */
#include "console/pages/task_parts.h"

#include <string.h>

#include "console/pages/tasks.h"
#include "console/template/render.h"

enum {
	REFUSALS_SHOWN = 5,
	PART = 3 * G_USEC_PER_SEC, /* after so long the page says how far it is */
};

/* --- which ------------------------------------------------------------------------------------ */

GPtrArray *task_parts_ids(const struct page_call *call)
{
	g_autofree const char **values = form_all(page_fields(call), "id");
	GPtrArray *ids = g_ptr_array_new();

	for (size_t i = 0; values[i]; i++)
		if (g_ascii_string_to_unsigned(values[i], 10, 1, G_MAXINT64, NULL, NULL))
			g_ptr_array_add(ids, (char *)values[i]);
	g_ptr_array_add(ids, NULL);
	return ids;
}

struct response *task_parts_link(struct page_call *call)
{
	const char *const task[] = {"id", page_id(page_fields(call), "task"), NULL};
	g_autoptr(GPtrArray) filter = g_ptr_array_new();

	if (task[1])
		return response_redirect(render_url("/task", task));
	tasks_add_filter(call, filter);
	g_ptr_array_add(filter, NULL);
	return response_redirect(render_url("/tasks", (const char *const *)filter->pdata));
}

static void add_ids_before(const struct page_call *call, GPtrArray *done)
{
	g_autofree const char **ids = form_all(page_fields(call), "did");

	for (size_t i = 0; ids[i]; i++)
		g_ptr_array_add(done, g_strdup(ids[i]));
}

static void parts_begin(const struct page_call *call, struct task_parts *parts)
{
	const struct form *body = call->request->body;

	parts->done = g_ptr_array_new_with_free_func(g_free);
	parts->left = g_ptr_array_new_with_free_func(g_free);
	parts->refused = g_string_new(form_get(body, "refused"));
	parts->refusals = g_ascii_strtoull(form_get(body, "refusals"), NULL, 10);
	add_ids_before(call, parts->done);
}

static void parts_clear(struct task_parts *parts)
{
	g_ptr_array_unref(parts->done);
	g_ptr_array_unref(parts->left);
	g_string_free(parts->refused, TRUE);
}

static void add_refusal(const struct page_call *call, struct task_parts *parts, const char *id,
			const GError *error)
{
	g_autofree char *text = page_fault(call, error);

	if (++parts->refusals <= REFUSALS_SHOWN)
		g_string_append_printf(parts->refused, " %s: %s%s", id, text,
				       g_str_has_suffix(text, ".") ? "" : ".");
}

static void do_one(struct page_call *call, const struct db_statement *statement,
		   const char *const values[static 3], struct task_parts *parts)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = page_act(call, statement, values, &error);

	if (rows && db_rows_count(rows) > 0)
		g_ptr_array_add(parts->done, g_strdup(values[0]));
	else if (error)
		add_refusal(call, parts, values[0], error);
}

void task_parts_do(struct page_call *call, const struct db_statement *statement,
		   const char *const values[static 2], struct task_parts *parts)
{
	g_autoptr(GPtrArray) ids = task_parts_ids(call);
	gint64 began = g_get_monotonic_time();

	parts_begin(call, parts);
	for (guint i = 0; ids->pdata[i]; i++) {
		const char *const all[] = {ids->pdata[i], values[0], values[1]};

		if (i == 0 || g_get_monotonic_time() - began < PART)
			do_one(call, statement, all, parts);
		else
			g_ptr_array_add(parts->left, g_strdup(ids->pdata[i]));
	}
	g_ptr_array_add(parts->done, NULL);
}

static void keep_field(struct page_call *call, const char *name, const char *value)
{
	struct model *field = model_add(call->model, "fields");

	model_set(field, "name", name);
	model_set(field, "value", value);
}

/* What was sent goes on with the tasks that are left. */
static struct response *show_part(struct page_call *call, const struct task_parts *parts)
{
	static const char *const names[] = {"way", "note", "address", "no_resend", "task",
					    "why", "mine", "nobody",  "owner",     "until"};
	g_autofree char *done = g_strdup_printf("%u", parts->done->len - 1);
	g_autofree char *left = g_strdup_printf("%u", parts->left->len);
	g_autofree char *step = g_strconcat("step_", call->request->path + strlen("/tasks/"), NULL);
	g_autofree char *total = g_strdup_printf("%u", parts->done->len - 1 + parts->left->len);
	g_autofree char *refusals = g_strdup_printf("%" G_GSIZE_FORMAT, parts->refusals);

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		keep_field(call, names[i], form_get(call->request->body, names[i]));
	for (guint i = 0; i < parts->left->len; i++)
		keep_field(call, "id", parts->left->pdata[i]);
	for (guint i = 0; parts->done->pdata[i]; i++)
		keep_field(call, "did", parts->done->pdata[i]);
	keep_field(call, "refused", parts->refused->str);
	keep_field(call, "refusals", refusals);
	model_set(call->model, "done", done);
	model_set(call->model, "left", left);
	model_set(call->model, "total", total);
	model_flag(call->model, step, true);
	tasks_keep_filter(call);
	page_mark_once(call);
	return page_show(call, "part", 200);
}

struct response *task_parts_tell(struct page_call *call, struct task_parts *parts, char *said,
				 bool can_undo)
{
	g_autofree char *words = said;

	if (parts->left->len > 0) {
		struct response *response = show_part(call, parts);

		parts_clear(parts);
		return response;
	}
	g_autofree char *refused =
	    page_words(call, "{count} was refused.", "{count} were refused.", parts->refusals);
	g_autofree char *notice = parts->refusals == 0
				      ? g_strdup(words)
				      : g_strconcat(words, " ", refused, parts->refused->str, NULL);

	session_say(call->session, notice,
		    can_undo ? (const char *const *)parts->done->pdata : NULL);
	parts_clear(parts);
	return task_parts_link(call);
}

gsize task_parts_count(const struct task_parts *parts)
{
	return parts->done->len - 1;
}
