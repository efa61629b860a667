/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A preview is the act itself in a transaction that is rolled back (db/rows.h).
 */
#include "console/pages/acts.h"

#include <string.h>

#include "console/pages/act_definitions.h"
#include "console/template/render.h"
#include "db/people/console_queries.h"

static const struct act *chosen_act(const struct page_call *call)
{
	return act_definitions_find(form_get(page_fields(call), "act"));
}

static void read_fields(const struct act *act, const struct form *body,
			const char *values[ACT_FIELDS_MAX])
{
	for (size_t i = 0; i < ACT_FIELDS_MAX && act->fields[i]; i++)
		values[i] = form_find(body, act->fields[i]);
}

static bool did_anything(const struct act *act, const struct db_rows *rows)
{
	return db_rows_count(rows) > 0 && (!act->did || db_rows_is_true(rows, 0, act->did));
}

/* --- shown first ------------------------------------------------------------------------------ */

/* The page that it belongs to, for the way back. */
static void set_place(struct page_call *call, const struct act *act)
{
	g_autofree char *place = g_strconcat("to_", act->path + 1, NULL);

	model_set(call->model, "act", act->name);
	model_flag(call->model, place, true);
	model_set(call->model, "key", act->key ? form_get(page_fields(call), act->key) : "");
}

static struct response *fail_act(struct page_call *call, const struct act *act, const GError *error)
{
	set_place(call, act);
	return page_fail(call, error);
}

static void set_fields(struct page_call *call, const struct act *act)
{
	const struct form *body = page_fields(call);

	for (size_t i = 0; i < ACT_FIELDS_MAX && act->fields[i]; i++) {
		struct model *field = model_add(call->model, "fields");

		model_set(field, "name", act->fields[i]);
		model_set(field, "value", form_get(body, act->fields[i]));
	}
	set_place(call, act);
	model_set(call->model, "title", act->title);
	model_set(call->model, "about",
		  act->fields[0] && !act->foresee ? form_get(body, act->fields[0]) : "");
	model_flag(call->model, "can_undo", act->undo);
	if (act->final)
		model_set(call->model, "final", catalogue_text(call->catalogue, act->final));
}

/* What is about so many mails that it cannot be shown in time can be done all the same. */
static struct response *show_unseen(struct page_call *call, const struct act *act)
{
	set_fields(call, act);
	page_mark_once(call);
	model_flag(call->model, "is_possible", true);
	model_flag(call->model, "is_unseen", true);
	return page_show(call, "act", 200);
}

static struct response *show_effects(struct page_call *call, const struct act *act,
				     const struct db_rows *rows, const struct db_rows *effects)
{
	g_autofree char *consequence = page_told(call, db_rows_find(rows, 0, "consequence"));
	g_autoptr(GError) error = NULL;

	model_set(call->model, "consequence", consequence);
	page_add_effects(call, effects);
	if (act->add_more && !act->add_more(call, &error))
		return fail_act(call, act, error);
	return page_show(call, "act", 200);
}

/* What was tried, and what it did. */
static struct response *show_preview(struct page_call *call, const struct act *act,
				     struct db_rows *answers[2])
{
	set_fields(call, act);
	page_mark_once(call);
	if (!did_anything(act, answers[0]))
		return page_show(call, "act", 200);
	model_flag(call->model, "is_possible", true);
	return show_effects(call, act, answers[0], answers[1]);
}

/* What the database says that it would do. */
static struct response *show_foreseen(struct page_call *call, const struct act *act,
				      const char *const *values)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = page_fetch(call, act->foresee, values, &error);

	if (!rows)
		return db_error_is_late(error) ? show_unseen(call, act)
					       : fail_act(call, act, error);
	set_fields(call, act);
	page_mark_once(call);
	if (db_rows_count(rows) == 0)
		return page_show(call, "act", 200);
	bool is_wrong = db_rows_is_true(rows, 0, "is_problem");
	model_flag(call->model, "is_wrong", is_wrong);
	model_flag(call->model, "is_possible", !is_wrong);
	return show_effects(call, act, rows, rows);
}

struct response *acts_choose(struct page_call *call)
{
	const struct act *act = chosen_act(call);
	g_autoptr(GPtrArray) parameters = g_ptr_array_new();

	if (!act)
		return page_missing(call, "There is no such page.");
	g_ptr_array_add(parameters, "act");
	g_ptr_array_add(parameters, (char *)act->name);
	for (size_t i = 0; i < ACT_FIELDS_MAX && act->fields[i]; i++) {
		g_ptr_array_add(parameters, (char *)act->fields[i]);
		g_ptr_array_add(parameters, (char *)form_get(call->request->body, act->fields[i]));
	}
	g_ptr_array_add(parameters, NULL);
	struct response *response =
	    page_preview_at("/act/preview", (const char *const *)parameters->pdata);
	return response ? response : acts_preview(call);
}

struct response *acts_preview(struct page_call *call)
{
	const struct act *act = chosen_act(call);
	const char *values[ACT_FIELDS_MAX] = {NULL};
	struct db_rows *answers[2];
	g_autoptr(GError) error = NULL;

	if (!act)
		return page_missing(call, "There is no such page.");
	read_fields(act, page_fields(call), values);
	if (act->foresee)
		return show_foreseen(call, act, values);
	const struct db_trial trial = {
	    act->statement, act->look ? act->look : &console_queries_changed_mails, values};
	if (!db_rows_try(call->session->pool, &trial, answers, &error))
		return db_error_is_late(error) ? show_unseen(call, act)
					       : fail_act(call, act, error);
	struct response *response = show_preview(call, act, answers);
	db_rows_free(answers[0]);
	db_rows_free(answers[1]);
	return response;
}

/* --- done, and taken back --------------------------------------------------------------------- */

/* What the act that takes it back needs: from what was answered, else as it was sent. */
static const char *undo_value(struct page_call *call, const struct db_rows *rows, const char *name)
{
	const char *value = db_rows_find(rows, 0, name);

	if (strcmp(name, "why") == 0)
		return catalogue_text(call->catalogue, "taken back in the console");
	return value ? value : form_get(call->request->body, name);
}

/* What was done may name what takes it back; NULL: nothing does. */
static const struct act *find_undo(const struct act *act, const struct db_rows *rows)
{
	const char *named = db_rows_find(rows, 0, "undo_act");
	const char *name = named ? named : act->undo;

	return name ? act_definitions_find(name) : NULL;
}

static void tell_act(struct page_call *call, const struct act *act, const struct db_rows *rows)
{
	const struct act *undo = find_undo(act, rows);
	g_autoptr(GPtrArray) pairs = g_ptr_array_new();

	if (!did_anything(act, rows)) {
		session_say(call->session,
			    catalogue_text(call->catalogue, "There was nothing to do."), NULL);
		return;
	}
	g_ptr_array_add(pairs, "act");
	g_ptr_array_add(pairs, undo ? (char *)undo->name : NULL);
	for (size_t i = 0; undo && i < ACT_FIELDS_MAX && undo->fields[i]; i++) {
		g_ptr_array_add(pairs, (char *)undo->fields[i]);
		g_ptr_array_add(pairs, (char *)undo_value(call, rows, undo->fields[i]));
	}
	g_ptr_array_add(pairs, NULL);
	session_say(call->session, catalogue_text(call->catalogue, act->done),
		    undo ? (const char *const *)pairs->pdata : NULL);
}

static struct response *link_back(struct page_call *call)
{
	const struct act *act = chosen_act(call);
	const char *const key[] = {act->key,
				   act->key ? form_get(call->request->body, act->key) : NULL, NULL};

	return response_redirect(render_url(act->path, key));
}

static struct response *do_act(struct page_call *call)
{
	const struct act *act = chosen_act(call);
	const char *values[ACT_FIELDS_MAX] = {NULL};
	g_autoptr(GError) error = NULL;

	read_fields(act, call->request->body, values);
	g_autoptr(db_rows_t) rows = page_act(call, act->statement, values, &error);
	if (!rows)
		return fail_act(call, act, error);
	tell_act(call, act, rows);
	return link_back(call);
}

struct response *acts_do(struct page_call *call)
{
	if (!chosen_act(call))
		return page_missing(call, "There is no such page.");
	return page_do_once(call, do_act, link_back);
}
