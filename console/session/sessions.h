/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who is logged in: a signed cookie for the browser, and here a connection to the database as that
 * person. Before a login the cookie stands for nobody; a login gives a new one.
 */
#ifndef CONSOLE_SESSION_SESSIONS_H
#define CONSOLE_SESSION_SESSIONS_H

#include <stdbool.h>

#include "db/pool.h"

struct sessions;

struct sessions_limits {
	unsigned sessions_max;
	unsigned of_person_max;
	gint64 idle;     /* microseconds without a request */
	gint64 lifetime; /* microseconds since the login */
};

/* Counted references. name, pool and rights do not change. */
struct session {
	char *name;
	struct db_pool *pool;
	bool may_act; /* decide on tasks; otherwise reads only */
	bool is_auditor;
	bool is_operator;
	bool is_admin;
	bool is_named; /* by a proxy, which goes on naming him */

	/* private */
	char *id;
	gint64 began, used, asked;
	gint references;
	GMutex lock;
	GCond answered;
	char *notice;
	char **undo;
	GQueue sent; /* marks of forms, the last one first */
	GQueue busy; /* those of which the answer is not ready */
};

struct sessions *sessions_new(const struct sessions_limits *limits);
/* When no request is being answered any more. */
void sessions_free(struct sessions *sessions);

/* The id that a cookie carries, if we have signed it; NULL else. Heap. */
char *sessions_read_cookie(const struct sessions *sessions, const char *cookie);
/* The value of a cookie for that id. Heap. */
char *sessions_cookie(const struct sessions *sessions, const char *id);
/* What a form of that visitor must carry. Heap. */
char *sessions_form_token(const struct sessions *sessions, const char *id);
bool sessions_is_form_token(const struct sessions *sessions, const char *id, const char *token);

/* Takes the pool. The new id is *id_out, heap. NULL: too many are logged in; the pool is free. */
struct session *sessions_begin(struct sessions *sessions, const struct session *person,
			       char **id_out);
/* NULL: none, or it is over. Counts as a use. Release with session_unref. */
struct session *sessions_find(struct sessions *sessions, const char *id);
void sessions_end(struct sessions *sessions, const char *id);
/* Ends those whose time is over. */
void sessions_look(struct sessions *sessions);

void session_unref(struct session *session);

/* Whether more than that time (microseconds) has gone by since this was asked, and said so, or
 * since the login. */
bool session_is_due(struct session *session, gint64 interval);

/* Whether a form with that mark is sent for the first time: a double click sends it twice. One
 * without a mark always is. The last few marks are remembered. The second waits for the first, so
 * that the page which the browser is left with has the notice. */
bool session_is_first(struct session *session, const char *mark);
/* The first has said what it did. One that failed counts as never sent: the next one tries again,
 * and so a person whose second click was answered learns of the failure. */
void session_has_answered(struct session *session, const char *mark, bool did);

/* What the next page says once, and what takes it back: the ids of tasks, or "act" with its name
 * and then the fields of its form, name and value in turn; undo may be NULL. */
void session_say(struct session *session, const char *notice, const char *const *undo);
/* NULL: nothing. Both heap. */
char *session_take_notice(struct session *session, char ***undo_out);

typedef struct session session_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(session_t, session_unref)

#endif
