/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A table. A path is compared as a whole: there are no files to be reached by another one.
 */
#include "console/router.h"

#include <string.h>

#include "base/log.h"
#include "console/pages/acts.h"
#include "console/pages/addresses.h"
#include "console/pages/documents.h"
#include "console/pages/figures.h"
#include "console/pages/letters.h"
#include "console/pages/login.h"
#include "console/pages/mails.h"
#include "console/pages/queue.h"
#include "console/pages/settings.h"
#include "console/pages/task_acts.h"
#include "console/pages/tasks.h"
#include "console/pages/today.h"
#include "console/session/seal.h"
#include "console/template/library.h"

enum access {
	ANYBODY,
	PERSON, /* who is logged in; what he may do, the database decides */
};

static const struct route {
	const char *path;
	bool is_post;
	enum access access;
	page_handler *handler;
} routes[] = {
    {"/login", false, ANYBODY, login_show},
    {"/login", true, ANYBODY, login_enter},
    {"/logout", true, ANYBODY, login_leave},
    {"/", false, PERSON, today_show},
    {"/tasks", false, PERSON, tasks_list},
    {"/task", false, PERSON, tasks_show},
    {"/tasks/preview", true, PERSON, task_acts_choose},
    {"/tasks/preview", false, PERSON, task_acts_preview},
    {"/tasks/resolve", true, PERSON, task_acts_resolve},
    {"/tasks/reopen", true, PERSON, task_acts_reopen},
    {"/tasks/assign", true, PERSON, task_acts_assign},
    {"/tasks/postpone", true, PERSON, task_acts_postpone},
    {"/tasks/note", true, PERSON, task_acts_note},
    {"/address", false, PERSON, addresses_show},
    {"/letters", false, PERSON, letters_list},
    {"/settings", false, PERSON, settings_list},
    {"/setting", false, PERSON, settings_show},
    {"/shadow", false, PERSON, settings_shadow},
    {"/act/preview", true, PERSON, acts_choose},
    {"/act/preview", false, PERSON, acts_preview},
    {"/act", true, PERSON, acts_do},
    {"/documents", false, PERSON, documents_list},
    {"/documents.csv", false, PERSON, documents_export},
    {"/figures", false, PERSON, figures_show},
    {"/queue", false, PERSON, queue_show},
    {"/search", false, PERSON, mails_search},
    {"/mail", false, PERSON, mails_show},
    {"/bounce", false, PERSON, mails_bounce},
};

static const struct route *find_route(const struct request *request)
{
	for (size_t i = 0; i < G_N_ELEMENTS(routes); i++)
		if (routes[i].is_post == request->is_post &&
		    strcmp(routes[i].path, request->path) == 0)
			return &routes[i];
	return NULL;
}

/* NULL where it is none of ours. */
static struct response *answer_file(const struct request *request)
{
	static const struct {
		const char *path, *name, *type;
	} files[] = {{"/style.css", "style.css", "text/css; charset=utf-8"},
		     {"/keys.js", "keys.js", "text/javascript; charset=utf-8"}};

	for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
		if (!request->is_post && strcmp(files[i].path, request->path) == 0) {
			struct response *response = response_new(
			    200, files[i].type, g_string_new(library_file(files[i].name)));

			response->may_be_kept = true;
			return response;
		}
	return NULL;
}

/* A form that another site made a browser send, or that is of another session. */
static bool is_own_form(const struct page_call *call)
{
	return !call->request->is_from_elsewhere &&
	       sessions_is_form_token(call->console->sessions, call->visitor,
				      form_get(call->request->body, "form_token"));
}

static struct response *refuse_form(struct page_call *call)
{
	g_autofree char *path = log_quote(call->request->path);

	log_event(LOG_LEVEL_WARNING, "", "form refused path=%s client=%s", path,
		  call->request->peer);
	model_set(call->model, "fault",
		  catalogue_text(call->catalogue, "This form is not valid any more. Go back, load "
						  "the page again, and send it once more."));
	return page_show(call, "fault", 403);
}

static struct response *answer_page(struct page_call *call)
{
	const struct route *route = find_route(call->request);

	if (!route)
		return page_missing(call, "There is no such page.");
	if (call->request->is_post && !is_own_form(call))
		return call->session || route->access == ANYBODY ? refuse_form(call)
								 : login_demand(call);
	if (route->access == PERSON && !call->session)
		return login_demand(call);
	return route->handler(call);
}

/* NULL: nobody is logged in, or the connection to the database is lost. */
static struct session *find_session(struct console *console, const char *id)
{
	struct session *session = id ? sessions_find(console->sessions, id) : NULL;

	if (!session || !db_pool_is_lost(session->pool))
		return session;
	session_unref(session);
	sessions_end(console->sessions, id);
	return NULL;
}

static bool is_of(const struct session *session, const char *name)
{
	return session && strcmp(session->name, name) == 0;
}

/* Whom the proxy names is there, whoever was before. The answer is the caller's. */
static struct response *answer_named(struct page_call *call)
{
	g_autofree char *id = NULL;
	struct response *response = NULL;
	g_autoptr(session_t) session = login_named(call, &id, &response);

	if (!session) {
		call->session = NULL;
		return response;
	}
	call->session = session;
	call->visitor = id;
	response = answer_page(call);
	if (!response->cookies)
		page_set_cookie(call->console, response, id);
	return response;
}

struct response *router_answer(void *context, const struct request *request)
{
	struct console *console = context;
	struct response *file = answer_file(request);

	if (file)
		return file;
	g_autofree char *known = page_read_cookie(console, request);
	g_autofree char *visitor = known ? g_strdup(known) : seal_new_id();
	g_autoptr(session_t) session = find_session(console, known);
	g_autoptr(model_t) model = model_new();
	struct page_call call = {.console = console,
				 .request = request,
				 .session = session,
				 .visitor = visitor,
				 .catalogue = catalogue_for(request->language),
				 .model = model};
	bool is_new = request->user && !is_of(session, request->user);
	struct response *response = is_new ? answer_named(&call) : answer_page(&call);
	if (!known && !response->cookies)
		page_set_cookie(console, response, visitor);
	return response;
}
