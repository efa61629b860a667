/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From rows to a page.
 */
#include "console/answer/page.h"

#include <string.h>

#include "base/error.h"
#include "console/session/seal.h"
#include "console/template/render.h"
#include "console/text/sentences.h"
#include "db/people/console_queries.h"
#include "db/people/operator_queries.h"

enum { ADDRESS_MAX = 6000 }; /* browsers and proxies have limits */

static const char html[] = "text/html; charset=utf-8";

/* A cookie with this prefix is taken by browsers from HTTPS alone, for this host and all paths. */
static const char *cookie_name(const struct console *console)
{
	return console->is_https ? "__Host-bounce-console" : "bounce-console";
}

/* --- the frame of a page ---------------------------------------------------------------------- */

static void add_undo_tasks(struct model *model, char **ids)
{
	model_flag(model, "has_undo", true);
	for (; *ids; ids++)
		model_set(model_add(model, "undo"), "undo_id", *ids);
}

static void add_undo_act(struct model *model, char **pairs)
{
	model_flag(model, "has_undo_act", true);
	for (; pairs[0] && pairs[1]; pairs += 2) {
		struct model *field = model_add(model, "undo_act");

		model_set(field, "undo_name", pairs[0]);
		model_set(field, "undo_value", pairs[1]);
	}
}

static void set_notice(struct page_call *call)
{
	g_auto(GStrv) undo = NULL;
	g_autofree char *notice = session_take_notice(call->session, &undo);

	model_set(call->model, "notice", notice);
	if (undo && *undo)
		(strcmp(*undo, "act") == 0 ? add_undo_act : add_undo_tasks)(call->model, undo);
}

static void set_frame(struct page_call *call, const char *name)
{
	g_autofree char *is_here = g_strconcat("at_", name, NULL);
	g_autofree char *token = sessions_form_token(call->console->sessions, call->visitor);

	model_flag(call->model, is_here, true);
	model_set(call->model, "form_token", token);
	model_set(call->model, "language", catalogue_tag(call->catalogue));
	if (!call->session)
		return;
	model_set(call->model, "person", call->session->name);
	model_flag(call->model, "may_act", call->session->may_act);
	model_flag(call->model, "may_operate",
		   call->session->is_operator || call->session->is_admin);
	model_flag(call->model, "is_admin", call->session->is_admin);
	model_flag(call->model, "may_read_settings",
		   call->session->is_operator || call->session->is_admin ||
		       call->session->is_auditor);
	set_notice(call);
}

struct response *page_show(struct page_call *call, const char *name, unsigned status)
{
	const struct render render = {call->console->templates, call->catalogue};
	GString *body = g_string_new(NULL);

	set_frame(call, name);
	render_page(&render, name, call->model, body);
	return response_new(status, html, body);
}

char *page_fault(const struct page_call *call, const GError *error)
{
	g_autofree char *said = db_error_for_people(error);
	g_auto(GStrv) lines = g_strsplit(said, "\n", 2);

	for (size_t i = 0; lines[i]; i++) {
		char *told = page_told(call, catalogue_text(call->catalogue, lines[i]));

		g_free(lines[i]);
		lines[i] = told;
	}
	return g_strjoinv("\n", lines);
}

struct response *page_fail(struct page_call *call, const GError *error)
{
	g_autofree char *text = page_fault(call, error);
	unsigned status = db_error_is_denied(error)      ? 403
			  : bm_error_is_temporary(error) ? 503
							 : 422;

	model_set(call->model, "fault", text);
	model_flag(call->model, "is_denied", status == 403);
	model_flag(call->model, "is_temporary", status == 503);
	return page_show(call, "fault", status);
}

struct response *page_missing(struct page_call *call, const char *text)
{
	model_set(call->model, "fault", catalogue_text(call->catalogue, text));
	return page_show(call, "fault", 404);
}

/* --- rows ------------------------------------------------------------------------------------- */

struct db_rows *page_fetch(struct page_call *call, const struct db_statement *statement,
			   const char *const *arguments, GError **error)
{
	return db_rows_fetch(call->session->pool, statement, arguments, error);
}

struct db_rows *page_act(struct page_call *call, const struct db_statement *statement,
			 const char *const *arguments, GError **error)
{
	return db_rows_act(call->session->pool, statement, arguments, error);
}

char *page_told(const struct page_call *call, const char *text)
{
	return sentences_told(call->catalogue, call->console->mark, text);
}

/* A NUL ends a text for C; there is none in PostgreSQL's texts, but in bytes there may be. */
static void set_bytes(struct model *model, const struct db_rows *rows, size_t row, const char *name)
{
	size_t len = 0;
	const char *bytes = db_rows_bytes(rows, row, name, &len);
	g_autofree char *text = bytes ? g_memdup2(bytes, len + 1) : g_strdup("");

	for (size_t i = 0; i < len && bytes; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	model_set(model, name, text);
}

static void set_model_text(const struct page_call *call, struct model *model, const char *name,
			   const char *value)
{
	g_autofree char *text = page_told(call, value);

	model_set(model, name, text ? text : "");
}

static void set_model_value(const struct page_call *call, struct model *model,
			    const struct db_rows *rows, size_t row, size_t column)
{
	const char *name = db_rows_column_name(rows, column);
	const char *value = db_rows_get(rows, row, column);

	if (db_rows_column_type(rows, column) == DB_BYTES)
		set_bytes(model, rows, row, name);
	else if (db_rows_column_type(rows, column) == DB_BOOLEAN)
		model_set(model, name, g_strcmp0(value, "true") == 0 ? "1" : "");
	else
		set_model_text(call, model, name, value);
}

static void set_values(const struct page_call *call, struct model *model,
		       const struct db_rows *rows, size_t row)
{
	for (size_t column = 0; column < db_rows_column_count(rows); column++)
		set_model_value(call, model, rows, row, column);
}

void page_add_rows(struct page_call *call, const char *name, const struct db_rows *rows)
{
	for (size_t row = 0; row < db_rows_count(rows); row++)
		set_values(call, model_add(call->model, name), rows, row);
}

void page_set_row(struct page_call *call, const struct db_rows *rows)
{
	set_values(call, call->model, rows, 0);
}

void page_add_list(struct page_call *call, const char *name, const struct db_rows *rows)
{
	g_autofree char *flag = g_strconcat("has_", name, NULL);

	page_add_rows(call, name, rows);
	model_flag(call->model, flag, db_rows_count(rows) > 0);
}

void page_add_effects(struct page_call *call, const struct db_rows *rows)
{
	page_add_list(call, "effects", rows);
	model_flag(call->model, "is_cut", db_rows_count(rows) >= CONSOLE_CHANGED_MAX);
}

bool page_load(struct page_call *call, const char *name, const struct db_statement *statement,
	       const char *const *arguments, GError **error)
{
	g_autoptr(db_rows_t) rows = page_fetch(call, statement, arguments, error);

	if (rows)
		page_add_list(call, name, rows);
	return rows;
}

/* --- forms ------------------------------------------------------------------------------------ */

void page_add_choices(struct page_call *call, const char *name, const char *const *words,
		      const char *chosen)
{
	for (; *words; words++) {
		struct model *row = model_add(call->model, name);

		model_set(row, "value", *words);
		model_set(row, "is_chosen", strcmp(*words, chosen) == 0 ? "1" : "");
	}
}

bool page_add_processes(struct page_call *call, const char *chosen, GError **error)
{
	g_autoptr(db_rows_t) rows = page_fetch(call, &operator_queries_process_names, NULL, error);
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	if (!rows)
		return false;
	for (size_t row = 0; row < db_rows_count(rows); row++)
		g_ptr_array_add(names, (char *)db_rows_get(rows, row, 0));
	g_ptr_array_add(names, NULL);
	page_add_choices(call, "processes", (const char *const *)names->pdata, chosen);
	return true;
}

char *page_words(const struct page_call *call, const char *one, const char *many, gsize count)
{
	g_autofree char *number = g_strdup_printf("%" G_GSIZE_FORMAT, count);
	g_auto(GStrv) parts =
	    g_strsplit(catalogue_plural(call->catalogue, one, many, count), "{count}", -1);

	return g_strjoinv(number, parts);
}

const char *page_id(const struct form *form, const char *name)
{
	const char *value = form_find(form, name);

	return value && g_ascii_string_to_unsigned(value, 10, 1, G_MAXINT64, NULL, NULL) ? value
											 : NULL;
}

/* --- what is shown before it is done ---------------------------------------------------------- */

const struct form *page_fields(const struct page_call *call)
{
	return call->request->is_post ? call->request->body : call->request->query;
}

struct response *page_preview_at(const char *path, const char *const *parameters)
{
	g_autofree char *url = render_url(path, parameters);

	return strlen(url) > ADDRESS_MAX ? NULL : response_redirect(g_steal_pointer(&url));
}

void page_mark_once(struct page_call *call)
{
	g_autofree char *once = seal_new_id();

	model_set(call->model, "once", once);
}

struct response *page_do_once(struct page_call *call,
			      struct response *(*act)(struct page_call *call),
			      struct response *(*again)(struct page_call *call))
{
	const char *once = form_find(call->request->body, "once");

	if (!session_is_first(call->session, once))
		return again(call);
	struct response *response = act(call);
	session_has_answered(call->session, once, response->status < 400);
	return response;
}

/* --- cookies ---------------------------------------------------------------------------------- */

void page_set_cookie(const struct console *console, struct response *response, const char *id)
{
	const char *secure = console->is_https ? "; Secure" : "";
	g_autofree char *value = id ? sessions_cookie(console->sessions, id) : g_strdup("");

	response_add_cookie(response,
			    g_strdup_printf("%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s",
					    cookie_name(console), value, secure,
					    id ? "" : "; Max-Age=0"));
}

char *page_read_cookie(const struct console *console, const struct request *request)
{
	g_autofree char *value = request_cookie(request, cookie_name(console));

	return value ? sessions_read_cookie(console->sessions, value) : NULL;
}
