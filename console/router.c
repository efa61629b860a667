/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A table. A path is compared as a whole: there are no files to be reached by another one.
 */
#include "console/router.h"

#include <string.h>

#include "base/log.h"
#include "console/pages/acts.h"
#include "console/pages/addresses.h"
#include "console/pages/blocks.h"
#include "console/pages/documents.h"
#include "console/pages/figures.h"
#include "console/pages/letters.h"
#include "console/pages/login.h"
#include "console/pages/mails.h"
#include "console/pages/processes.h"
#include "console/pages/queue.h"
#include "console/pages/settings.h"
#include "console/pages/task_acts.h"
#include "console/pages/tasks.h"
#include "console/pages/today.h"
#include "console/session/seal.h"
#include "console/template/library.h"

enum { ACCOUNT_CHECK_INTERVAL = 10 * G_USEC_PER_SEC };

enum access {
	ANYBODY,
	PERSON, /* who is logged in; what he may do, the database decides */
};

static const struct mailer {
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
    {"/blocks", false, PERSON, blocks_list},
    {"/blocks.csv", false, PERSON, blocks_export},
    {"/erase", false, PERSON, addresses_erase},
    {"/letters", false, PERSON, letters_list},
    {"/settings", false, PERSON, settings_list},
    {"/setting", false, PERSON, settings_show},
    {"/shadow", false, PERSON, settings_shadow},
    {"/keys", false, PERSON, settings_keys},
    {"/processes", false, PERSON, processes_list},
    {"/process", false, PERSON, processes_show},
    {"/act/preview", true, PERSON, acts_choose},
    {"/act/preview", false, PERSON, acts_preview},
    {"/act", true, PERSON, acts_do},
    {"/documents", false, PERSON, documents_list},
    {"/documents.csv", false, PERSON, documents_export},
    {"/figures", false, PERSON, figures_show},
    {"/figures.csv", false, PERSON, figures_export},
    {"/queue", false, PERSON, queue_show},
    {"/search", false, PERSON, mails_search},
    {"/mail", false, PERSON, mails_show},
    {"/bounce", false, PERSON, mails_bounce},
};

static const struct mailer *find_route(const struct request *request)
{
	for (size_t i = 0; i < G_N_ELEMENTS(routes); i++)
		if (routes[i].is_post == request->is_post &&
		    strcmp(routes[i].path, request->path) == 0)
			return &routes[i];
	return NULL;
}

static const struct file {
	const char *path, *name, *type;
} files[] = {{"/style.css", "style.css", "text/css; charset=utf-8"},
	     {"/keys.js", "keys.js", "text/javascript; charset=utf-8"},
	     {"/onward.js", "onward.js", "text/javascript; charset=utf-8"}};

/* NULL where it is none of ours. */
static const struct file *find_file(const struct request *request)
{
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
		if (!request->is_post && strcmp(files[i].path, request->path) == 0)
			return &files[i];
	return NULL;
}

static struct response *answer_file(const struct file *file)
{
	struct response *response =
	    response_new(200, file->type, g_string_new(library_file(file->name)));

	response->may_be_kept = true;
	return response;
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
	const struct mailer *route = find_route(call->request);

	if (!route)
		return page_missing(call, "There is no such page.");
	if (call->request->is_post && !is_own_form(call))
		return call->session || route->access == ANYBODY ? refuse_form(call)
								 : login_demand(call);
	if (route->access == PERSON && !call->session)
		return login_demand(call);
	return route->handler(call);
}

/* Before anything is done, and now and then, the database is asked whether the account is still
 * what it was at the login: who is locked out today does not go on until the evening. */
static bool is_withdrawn(struct session *session, const struct request *request)
{
	if (!request->is_post && !session_is_due(session, ACCOUNT_CHECK_INTERVAL))
		return false;
	if (login_is_current(session))
		return false;
	log_event(LOG_LEVEL_WARNING, "",
		  "session ends name=%s client=%s: the account may not log "
		  "in any more, or has other rights",
		  session->name, request->peer);
	return true;
}

/* NULL: nobody is logged in, the connection to the database is lost, the proxy that named him names
 * nobody now. */
static struct session *find_session(struct console *console, const struct request *request,
				    const char *id)
{
	struct session *session = id ? sessions_find(console->sessions, id) : NULL;

	if (!session)
		return NULL;
	if ((!session->is_named || request->user) && !db_pool_is_lost(session->pool) &&
	    !is_withdrawn(session, request))
		return session;
	session_unref(session);
	sessions_end(console->sessions, id);
	return NULL;
}

static bool session_is_of(const struct session *session, const char *name)
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

/* A browser follows another site's link without our cookie. A new one in its place would log out
 * whoever has it; the form to log in is no use without. */
static bool is_link_of_others(const struct request *request, const char *visitor)
{
	return !request->is_post && request->is_from_elsewhere && !visitor && !request->user;
}

static struct response *choose_answer(struct page_call *call, const char *known)
{
	const char *user = call->request->user;

	if (is_link_of_others(call->request, known))
		return page_show(call, "elsewhere", 401);
	return user && !session_is_of(call->session, user) ? answer_named(call) : answer_page(call);
}

struct response *router_answer(void *context, const struct request *request)
{
	struct console *console = context;
	const struct file *file = find_file(request);

	if (file)
		return answer_file(file);
	g_autofree char *known = page_read_cookie(console, request);
	g_autofree char *visitor = known ? g_strdup(known) : seal_new_id();
	g_autoptr(session_t) session = find_session(console, request, known);
	g_autoptr(model_t) model = model_new();
	struct page_call call = {.console = console,
				 .request = request,
				 .session = session,
				 .visitor = visitor,
				 .catalogue = catalogue_for(request->language),
				 .model = model};
	struct response *response = choose_answer(&call, known);
	if (!known && !response->cookies && !request->is_from_elsewhere)
		page_set_cookie(console, response, visitor);
	return response;
}

char *router_person(void *context, const struct request *request)
{
	struct console *console = context;

	if (find_file(request))
		return NULL;
	if (request->user)
		return g_strdup(request->user);
	g_autofree char *id = page_read_cookie(console, request);
	g_autoptr(session_t) session = id ? sessions_find(console->sessions, id) : NULL;
	return session ? g_strdup(session->name) : NULL;
}
