/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A table. A preview is the act itself in a transaction that is rolled back (db/rows.h).
 */
#include "console/pages/acts.h"

#include <string.h>

#include "console/pages/letters.h"
#include "console/template/render.h"
#include "db/people/block_queries.h"
#include "db/people/console_queries.h"
#include "db/people/operator_queries.h"
#include "db/people/queue_admin.h"

enum { FIELDS_MAX = 9 };

static const struct act {
	const char *name;
	const char *title;
	const struct db_statement *statement;
	const char *fields[FIELDS_MAX]; /* of the form: the parameters of the statement */
	/* at what it did, with the first of the parameters; NULL: at the mails */
	const struct db_statement *look;
	const char *did;  /* column that says whether anything was done */
	const char *done; /* what is said then */
	const char *undo; /* the act that takes it back; NULL: none */
	const char *path; /* of the page that it belongs to */
	const char *key;  /* field that tells which of those pages; NULL: there is one */
	/* what else the preview shows; NULL: nothing */
	bool (*add_more)(struct page_call *call, GError **error);
} acts[] = {
    {.name = "lift",
     .title = N_("Lift the block"),
     .statement = &block_queries_unblock,
     .fields = {"address", "why", "process"},
     .look = &console_queries_changed_address,
     .did = "was_blocked",
     .done = N_("The block is lifted."),
     .undo = "restore",
     .path = "/address",
     .key = "address"},
    {.name = "restore",
     .title = N_("Block as before"),
     .statement = &block_queries_reblock,
     .fields = {"address", "why"},
     .look = &console_queries_changed_address,
     .did = "newly_blocked",
     .done = N_("The address is blocked as before."),
     .path = "/address",
     .key = "address"},
    {.name = "block",
     .title = N_("Block the address"),
     .statement = &block_queries_block,
     .fields = {"address", "why", "process", "until"},
     .look = &console_queries_changed_address,
     .did = "newly_blocked",
     .done = N_("The address is blocked."),
     .undo = "withdraw",
     .path = "/address",
     .key = "address"},
    {.name = "withdraw",
     .title = N_("Take the block back"),
     .statement = &block_queries_withdraw_block,
     .fields = {"address", "why", "process"},
     .look = &console_queries_changed_address,
     .did = "withdrawn",
     .done = N_("The block is taken back."),
     .path = "/address",
     .key = "address"},

    {.name = "resend",
     .title = N_("Send again"),
     .statement = &console_queries_resend,
     .fields = {"id", "recipient", "why"},
     .did = "is_done",
     .done = N_("The mail is sent again."),
     .undo = "withdraw_resend",
     .path = "/mail",
     .key = "id"},
    {.name = "change",
     .title = N_("Change the recipient"),
     .statement = &operator_queries_recipient_change,
     .fields = {"id", "recipient", "address", "why"},
     .did = "is_new",
     .done = N_("The mail is sent to the other address."),
     .undo = "withdraw_resend",
     .path = "/mail",
     .key = "id"},
    {.name = "add",
     .title = N_("Add a recipient"),
     .statement = &operator_queries_recipient_add,
     .fields = {"id", "address", "why"},
     .did = "is_new",
     .done = N_("The mail is sent to one more address."),
     .undo = "withdraw_resend",
     .path = "/mail",
     .key = "id"},
    {.name = "withdraw_resend",
     .title = N_("Do not send it there"),
     .statement = &operator_queries_resend_withdraw,
     .fields = {"id", "address", "why"},
     .did = "is_done",
     .done = N_("The mail is not sent there; all is as before."),
     .path = "/mail",
     .key = "id"},
    {.name = "hold",
     .title = N_("Hold the mail"),
     .statement = &queue_hold,
     .fields = {"id"},
     .did = "done",
     .done = N_("The mail is held."),
     .undo = "release",
     .path = "/mail",
     .key = "id"},
    {.name = "release",
     .title = N_("Release the mail"),
     .statement = &queue_release,
     .fields = {"id"},
     .did = "done",
     .done = N_("The mail is released."),
     .undo = "hold",
     .path = "/mail",
     .key = "id"},
    {.name = "retry",
     .title = N_("Send at once what is left"),
     .statement = &queue_retry,
     .fields = {"id"},
     .done = N_("The mail is due at once."),
     .path = "/mail",
     .key = "id"},
    {.name = "cancel",
     .title = N_("Cancel what waits"),
     .statement = &queue_cancel,
     .fields = {"id"},
     .did = "done",
     .done = N_("What waited is cancelled."),
     .undo = "retry",
     .path = "/mail",
     .key = "id"},

    {.name = "reclassify",
     .title = N_("Set the verdict right"),
     .statement = &console_queries_reclassify,
     .fields = {"id", "reason", "why"},
     .did = "is_done",
     .done = N_("The verdict is set right."),
     .undo = "reclassify_back",
     .path = "/bounce",
     .key = "id",
     .add_more = letters_propose},
    {.name = "reclassify_back",
     .title = N_("Judge it as before"),
     .statement = &console_queries_reclassify,
     .fields = {"id", "old_reason", "why"},
     .did = "is_done",
     .done = N_("It is judged as before."),
     .path = "/bounce",
     .key = "id"},
    {.name = "forward",
     .title = N_("Send the letter on"),
     .statement = &queue_forward_letter,
     .fields = {"id", "address", "why"},
     .did = "is_new",
     .done = N_("The letter is sent on."),
     .undo = "withdraw_letter",
     .path = "/bounce",
     .key = "id"},
    {.name = "withdraw_letter",
     .title = N_("Do not send it on"),
     .statement = &queue_withdraw_letter,
     .fields = {"id", "address", "why"},
     .did = "withdrawn",
     .done = N_("The letter is not sent on."),
     .undo = "forward",
     .path = "/bounce",
     .key = "id"},
    {.name = "undo",
     .title = N_("Undo all of this kind"),
     .statement = &console_queries_undo,
     .fields = {"since", "until", "domain", "rule", "diagnostic", "why", "no_resend", "id"},
     .did = "is_done",
     .done = N_("Their consequences are undone."),
     .undo = "redo",
     .path = "/bounce",
     .key = "id"},
    {.name = "pause",
     .title = N_("Pause the process"),
     .statement = &queue_pause,
     .fields = {"process", "why"},
     .look = &console_queries_changed_process,
     .did = "done",
     .done = N_("The process is paused."),
     .undo = "resume",
     .path = "/queue"},
    {.name = "resume",
     .title = N_("Let the process send again"),
     .statement = &queue_resume,
     .fields = {"process", "why"},
     .look = &console_queries_changed_process,
     .did = "done",
     .done = N_("The process sends again."),
     .undo = "pause",
     .path = "/queue"},

    {.name = "set",
     .title = N_("Set the parameter"),
     .statement = &console_queries_set,
     .fields = {"name", "value", "process"},
     .look = &console_queries_changed_parameter,
     .did = "is_done",
     .done = N_("The parameter is set."),
     .undo = "set_back",
     .path = "/setting",
     .key = "name"},
    {.name = "unset",
     .title = N_("Back to the default"),
     .statement = &console_queries_unset,
     .fields = {"name", "process"},
     .look = &console_queries_changed_parameter,
     .did = "is_done",
     .done = N_("The parameter has its default."),
     .undo = "set_back",
     .path = "/setting",
     .key = "name"},
    {.name = "set_back",
     .title = N_("Set as before"),
     .statement = &console_queries_set_back,
     .fields = {"name", "old_value", "process", "was_set"},
     .look = &console_queries_changed_parameter,
     .done = N_("The parameter is as before."),
     .path = "/setting",
     .key = "name"},
    {.name = "redo",
     .title = N_("Let the consequences stand"),
     .statement = &operator_queries_redo,
     .fields = {"undo_id", "why", "id"},
     .done = N_("All is as it was before."),
     .path = "/bounce",
     .key = "id"},
};

static const struct act *find_act(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(acts); i++)
		if (strcmp(acts[i].name, name) == 0)
			return &acts[i];
	return NULL;
}

static const struct act *chosen_act(const struct page_call *call)
{
	return find_act(form_get(page_fields(call), "act"));
}

static void read_fields(const struct act *act, const struct form *body,
			const char *values[FIELDS_MAX])
{
	for (size_t i = 0; i < FIELDS_MAX && act->fields[i]; i++)
		values[i] = form_find(body, act->fields[i]);
}

static bool did_anything(const struct act *act, const struct db_rows *rows)
{
	return db_rows_count(rows) > 0 &&
	       (!act->did || g_strcmp0(db_rows_find(rows, 0, act->did), "true") == 0);
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

	for (size_t i = 0; i < FIELDS_MAX && act->fields[i]; i++) {
		struct model *field = model_add(call->model, "fields");

		model_set(field, "name", act->fields[i]);
		model_set(field, "value", form_get(body, act->fields[i]));
	}
	set_place(call, act);
	model_set(call->model, "title", act->title);
	model_set(call->model, "about", form_get(body, act->fields[0]));
}

static struct response *show_preview(struct page_call *call, const struct act *act,
				     struct db_rows *answers[2])
{
	bool is_possible = did_anything(act, answers[0]);
	g_autoptr(GError) error = NULL;

	set_fields(call, act);
	page_mark_once(call);
	model_flag(call->model, "can_undo", act->undo);
	if (is_possible) {
		g_autofree char *consequence =
		    page_told(call, db_rows_find(answers[0], 0, "consequence"));

		model_set(call->model, "consequence", consequence);
	}
	model_flag(call->model, "is_possible", is_possible);
	if (is_possible)
		page_add_rows(call, "effects", answers[1]);
	model_flag(call->model, "is_cut", db_rows_count(answers[1]) >= CONSOLE_CHANGED_MAX);
	if (is_possible && act->add_more && !act->add_more(call, &error))
		return fail_act(call, act, error);
	return page_show(call, "act", 200);
}

struct response *acts_choose(struct page_call *call)
{
	const struct act *act = chosen_act(call);
	g_autoptr(GPtrArray) parameters = g_ptr_array_new();

	if (!act)
		return page_missing(call, "There is no such page.");
	g_ptr_array_add(parameters, "act");
	g_ptr_array_add(parameters, (char *)act->name);
	for (size_t i = 0; i < FIELDS_MAX && act->fields[i]; i++) {
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
	const char *values[FIELDS_MAX] = {NULL};
	struct db_rows *answers[2];
	g_autoptr(GError) error = NULL;

	if (!act)
		return page_missing(call, "There is no such page.");
	read_fields(act, page_fields(call), values);
	const struct db_trial trial = {
	    act->statement, act->look ? act->look : &console_queries_changed_mails, values};
	if (!db_rows_try(call->session->pool, &trial, answers, &error))
		return fail_act(call, act, error);
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

static void tell_act(struct page_call *call, const struct act *act, const struct db_rows *rows)
{
	const struct act *undo = act->undo ? find_act(act->undo) : NULL;
	g_autoptr(GPtrArray) pairs = g_ptr_array_new();

	if (!did_anything(act, rows)) {
		session_say(call->session,
			    catalogue_text(call->catalogue, "There was nothing to do."), NULL);
		return;
	}
	g_ptr_array_add(pairs, "act");
	g_ptr_array_add(pairs, (char *)act->undo);
	for (size_t i = 0; undo && i < FIELDS_MAX && undo->fields[i]; i++) {
		g_ptr_array_add(pairs, (char *)undo->fields[i]);
		g_ptr_array_add(pairs, (char *)undo_value(call, rows, undo->fields[i]));
	}
	g_ptr_array_add(pairs, NULL);
	session_say(call->session, catalogue_text(call->catalogue, act->done),
		    undo ? (const char *const *)pairs->pdata : NULL);
}

static struct response *link_back(const struct page_call *call, const struct act *act)
{
	const char *const key[] = {act->key,
				   act->key ? form_get(call->request->body, act->key) : NULL, NULL};

	return response_redirect(render_url(act->path, key));
}

static struct response *do_act(struct page_call *call, const struct act *act)
{
	const char *values[FIELDS_MAX] = {NULL};
	g_autoptr(GError) error = NULL;

	read_fields(act, call->request->body, values);
	g_autoptr(db_rows_t) rows = page_act(call, act->statement, values, &error);
	if (!rows)
		return fail_act(call, act, error);
	tell_act(call, act, rows);
	return link_back(call, act);
}

struct response *acts_do(struct page_call *call)
{
	const struct act *act = chosen_act(call);
	const char *once = form_find(call->request->body, "once");

	if (!act)
		return page_missing(call, "There is no such page.");
	if (!session_is_first(call->session, once))
		return link_back(call, act);
	struct response *response = do_act(call, act);
	session_has_answered(call->session, once, response->status < 400);
	return response;
}
