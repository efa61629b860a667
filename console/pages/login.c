/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is refused is refused in the same words, whether the name exists or not; the log says why.
 */
#include "console/pages/login.h"

#include <arpa/inet.h>
#include <string.h>

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

static struct response *refuse_to_log_in(struct page_call *call, const char *text, unsigned status)
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
		return refuse_to_log_in(call, "The database is away. Try again in a moment.", 503);
	return refuse_to_log_in(
	    call, "Name or password is wrong, or the account may not use the console.", 403);
}

/* A client of IPv6 has 2^64 addresses. Heap. */
static char *network_of(const char *peer)
{
	struct in6_addr address;

	if (inet_pton(AF_INET6, peer, &address) != 1 || IN6_IS_ADDR_V4MAPPED(&address))
		return g_strdup(peer);
	memset(&address.s6_addr[8], 0, 8);
	char network[INET6_ADDRSTRLEN];
	return g_strdup(inet_ntop(AF_INET6, &address, network, sizeof network));
}

/* No name of the database is longer. */
static char *guess_of(const char *name, const char *network)
{
	return g_strdup_printf("%.64s\n%s", name, network);
}

static bool may_try(struct page_call *call, const char *name)
{
	gint64 now = g_get_monotonic_time();
	g_autofree char *network = network_of(call->request->peer);
	g_autofree char *guess = guess_of(name, network);
	g_autofree char *head = g_strndup(name, 64);

	return throttle_try(call->console->clients, network, now) &&
	       throttle_try(call->console->guesses, guess, now) &&
	       throttle_try(call->console->names, head, now);
}

static void forgive(struct page_call *call, const char *name)
{
	g_autofree char *network = network_of(call->request->peer);
	g_autofree char *guess = guess_of(name, network);

	throttle_forgive(call->console->guesses, guess);
	throttle_forgive(call->console->names, name);
}

/* The name is that of the rows. */
static struct session read_person(const struct db_rows *who)
{
	return (struct session){.name = (char *)db_rows_find(who, 0, "name"),
				.may_act = db_rows_is_true(who, 0, "is_clerk") ||
					   db_rows_is_true(who, 0, "is_operator") ||
					   db_rows_is_true(who, 0, "is_admin"),
				.is_auditor = db_rows_is_true(who, 0, "is_auditor"),
				.is_operator = db_rows_is_true(who, 0, "is_operator"),
				.is_admin = db_rows_is_true(who, 0, "is_admin")};
}

/* What an account may do is asked anew; where that cannot be asked, nothing else can either. */
bool login_is_current(const struct session *session)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) who = db_rows_fetch(session->pool, &login_person, NULL, &error);

	if (!who || db_rows_count(who) == 0)
		return error && bm_error_is_temporary(error);
	const struct session now = read_person(who);
	return db_rows_is_true(who, 0, "may_log_in") && strcmp(now.name, session->name) == 0 &&
	       now.may_act == session->may_act && now.is_auditor == session->is_auditor &&
	       now.is_operator == session->is_operator && now.is_admin == session->is_admin;
}

/* The pool of the person, and who it is. */
static struct db_pool *open_person(const struct page_call *call, const char *name,
				   const char *password, db_rows_t **who_out, GError **error)
{
	const struct login login = {.conninfo = call->console->conninfo,
				    .user = name,
				    .password = password,
				    .query_wait = call->console->query_wait,
				    .mark = call->console->mark};
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
		*refusal_out =
		    refuse_to_log_in(call, "Too many tries. Wait a minute, then try again.", 429);
		return NULL;
	}
	struct db_pool *pool = open_person(call, name, password, &who, &error);
	if (!pool) {
		*refusal_out = refuse_login(call, name, error);
		return NULL;
	}
	forgive(call, name);
	sessions_end(call->console->sessions, call->visitor);
	struct session person = read_person(who);
	person.pool = pool;
	person.is_named = !password;
	struct session *session = sessions_begin(call->console->sessions, &person, id_out);
	if (session)
		log_event(LOG_LEVEL_INFO, "", "login name=%s client=%s%s", session->name,
			  call->request->peer, password ? "" : " by the proxy");
	else
		*refusal_out =
		    refuse_to_log_in(call, "Too many people are logged in. Try again later.", 503);
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
