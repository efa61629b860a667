/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is refused is refused in the same words, whether the name exists or not; the log says why.
 */
#include "console/pages/login.h"

#include "base/error.h"
#include "base/log.h"
#include "db/people/login.h"

struct response *login_show(struct page_call *call)
{
	if (call->session)
		return response_redirect(g_strdup("/"));
	return page_show(call, "login", 200);
}

struct response *login_demand(struct page_call *call)
{
	return page_show(call, "login", 401);
}

static struct response *refuse(struct page_call *call, const char *text, unsigned status)
{
	model_set(call->model, "fault", catalogue_text(call->catalogue, text));
	model_set(call->model, "login_name", form_get(call->request->body, "name"));
	return page_show(call, "login", status);
}

static struct response *refuse_login(struct page_call *call, const char *name, const GError *error)
{
	g_autofree char *quoted = log_quote(name);

	log_event(LOG_LEVEL_WARNING, "", "login refused name=%s client=%s: %s", quoted,
		  call->request->peer, error->message);
	if (bm_error_is_temporary(error))
		return refuse(call, "The database is away. Try again in a moment.", 503);
	return refuse(call, "Name or password is wrong, or the account may not use the console.",
		      403);
}

static bool may_try(struct page_call *call, const char *name)
{
	gint64 now = g_get_monotonic_time();

	return throttle_try(call->console->clients, call->request->peer, now) &&
	       throttle_try(call->console->names, name, now);
}

static bool is_true(const struct db_rows *rows, const char *column)
{
	return g_strcmp0(db_rows_find(rows, 0, column), "true") == 0;
}

/* Takes the pool. NULL: there are too many sessions. */
static struct session *begin(struct page_call *call, struct db_pool *pool,
			     const struct db_rows *who, char **id_out)
{
	struct session person = {.name = (char *)db_rows_find(who, 0, "name"),
				 .pool = pool,
				 .may_act = is_true(who, "is_clerk") ||
					    is_true(who, "is_operator") || is_true(who, "is_admin"),
				 .is_auditor = is_true(who, "is_auditor"),
				 .is_operator = is_true(who, "is_operator"),
				 .is_admin = is_true(who, "is_admin")};

	return sessions_begin(call->console->sessions, &person, id_out);
}

/* The pool of the person, and who it is. */
static struct db_pool *open_person(const struct page_call *call, const char *name,
				   const char *password, db_rows_t **who_out, GError **error)
{
	const struct login login = {.conninfo = call->console->conninfo,
				    .user = name,
				    .password = password,
				    .query_wait = call->console->query_wait};
	struct db_pool *pool = login_open(&login, error);

	*who_out = pool ? db_rows_fetch(pool, &login_person, NULL, error) : NULL;
	if (pool && !*who_out)
		db_pool_free(pool);
	return *who_out ? pool : NULL;
}

/* In place of the session that the visitor had. password: NULL for one whom the proxy names. */
static struct session *enter(struct page_call *call, const char *name, const char *password,
			     char **id_out, struct response **refusal_out)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) who = NULL;

	if (!may_try(call, name)) {
		*refusal_out = refuse(call, "Too many tries. Wait a minute, then try again.", 429);
		return NULL;
	}
	struct db_pool *pool = open_person(call, name, password, &who, &error);
	if (!pool) {
		*refusal_out = refuse_login(call, name, error);
		return NULL;
	}
	throttle_forgive(call->console->names, name);
	sessions_end(call->console->sessions, call->visitor);
	struct session *session = begin(call, pool, who, id_out);
	if (session)
		log_event(LOG_LEVEL_INFO, "", "login name=%s client=%s%s", session->name,
			  call->request->peer, password ? "" : " by the proxy");
	else
		*refusal_out = refuse(call, "Too many people are logged in. Try again later.", 503);
	return session;
}

struct response *login_enter(struct page_call *call)
{
	const struct form *body = call->request->body;
	struct response *response = NULL;
	g_autofree char *id = NULL;
	g_autoptr(session_t) session =
	    enter(call, form_get(body, "name"), form_get(body, "password"), &id, &response);

	if (!session)
		return response;
	response = response_redirect(g_strdup("/"));
	page_set_cookie(call->console, response, id);
	return response;
}

struct session *login_named(struct page_call *call, char **id_out, struct response **refusal_out)
{
	return enter(call, call->request->user, NULL, id_out, refusal_out);
}

struct response *login_leave(struct page_call *call)
{
	struct response *response = response_redirect(g_strdup("/login"));

	if (call->session)
		log_event(LOG_LEVEL_INFO, "", "logout name=%s", call->session->name);
	sessions_end(call->console->sessions, call->visitor);
	page_set_cookie(call->console, response, NULL);
	return response;
}
