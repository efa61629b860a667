/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading; a stranger's message is shown as the text that came, never as what it wants to be.
 */
#include "console/pages/mails.h"

#include <string.h>

#include "console/template/render.h"
#include "db/people/console_admin.h"
#include "db/people/console_queries.h"
#include "db/people/operator_queries.h"

static struct response *go_to_mail(const char *id)
{
	const char *const parameters[] = {"id", id, NULL};

	return response_redirect(render_url("/mail", parameters));
}

/* An id is certain; where anything else names several, all are listed. */
struct response *mails_search(struct page_call *call)
{
	const char *const what[] = {form_get(call->request->query, "text")};
	g_autoptr(GError) error = NULL;

	model_set(call->model, "searched", what[0]);
	if (*what[0] == '\0')
		return page_show(call, "search", 200);
	g_autoptr(db_rows_t) rows = page_fetch(call, &operator_queries_find, what, &error);
	if (!rows)
		return page_fail(call, error);
	size_t count = db_rows_count(rows);
	if (count == 1 || (count > 1 && g_strcmp0(db_rows_find(rows, 0, "matched"), "id") == 0))
		return go_to_mail(db_rows_find(rows, 0, "id"));
	page_add_rows(call, "mails", rows);
	model_flag(call->model, "has_mails", count > 0);
	return page_show(call, "search", 200);
}

struct response *mails_show(struct page_call *call)
{
	const char *const id[] = {page_id(call->request->query, "id")};
	g_autoptr(GError) error = NULL;

	if (!id[0])
		return page_missing(call, "There is no such mail.");
	g_autoptr(db_rows_t) mail = page_fetch(call, &operator_queries_communication, id, &error);
	if (!mail)
		return page_fail(call, error);
	if (db_rows_count(mail) == 0)
		return page_missing(call, "There is no such mail.");
	page_set_row(call, mail);
	bool may_operate = call->session->is_operator || call->session->is_admin;
	if (!page_load(call, "recipients", &operator_queries_communication_recipients, id,
		       &error) ||
	    !page_load(call, "withdrawable", &console_queries_withdrawable, id, &error) ||
	    (may_operate && !page_load(call, "content", &console_admin_content, id, &error)) ||
	    !page_load(call, "story", &console_queries_mail_story, id, &error))
		return page_fail(call, error);
	return page_show(call, "mail", 200);
}

/* The bounce has the last word on columns that the message has too. */
static bool add_message(struct page_call *call, const struct db_rows *bounce, const char *const *id,
			GError **error)
{
	g_autoptr(db_rows_t) raw = page_fetch(call, &console_queries_bounce_raw, id, error);
	g_autoptr(db_rows_t) events =
	    raw ? page_fetch(call, &console_queries_bounce_events, id, error) : NULL;

	if (!events)
		return false;
	bool is_kept = db_rows_count(raw) > 0;
	if (is_kept)
		page_set_row(call, raw);
	page_set_row(call, bounce);
	page_set_row(call, events);
	model_flag(call->model, "may_forward", call->session->may_act && is_kept);
	return true;
}

static bool add_acts(struct page_call *call, const char *const *id, GError **error)
{
	return page_load(call, "copies", &console_queries_letter_copies, id, error) &&
	       page_load(call, "verdicts", &console_queries_verdicts, id, error) &&
	       page_load(call, "undone", &console_queries_undone, id, error) &&
	       (!call->session->may_act ||
		page_load(call, "reasons", &console_queries_reasons, NULL, error));
}

struct response *mails_bounce(struct page_call *call)
{
	const char *const id[] = {page_id(call->request->query, "id")};
	g_autoptr(GError) error = NULL;

	if (!id[0])
		return page_missing(call, "There is no such bounce.");
	g_autoptr(db_rows_t) bounce = page_fetch(call, &operator_queries_bounce, id, &error);
	if (!bounce)
		return page_fail(call, error);
	if (db_rows_count(bounce) == 0)
		return page_missing(call, "There is no such bounce.");
	if (!add_message(call, bounce, id, &error) || !add_acts(call, id, &error))
		return page_fail(call, error);
	return page_show(call, "bounce", 200);
}
