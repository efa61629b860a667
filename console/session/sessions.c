/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A table by id. It lives in memory alone: after a restart everybody logs in again, because the
 * connections are gone as well.
 */
#include "console/session/sessions.h"

#include <string.h>

#include "console/session/seal.h"

enum { SENT_MAX = 20 };

static const char cookie_purpose[] = "session";
static const char form_purpose[] = "form";

struct sessions {
	struct sessions_limits limits;
	struct seal *seal;
	GMutex lock;
	GHashTable *table; /* id -> struct session */
};

static void unref(void *session)
{
	session_unref(session);
}

struct sessions *sessions_new(const struct sessions_limits *limits)
{
	struct sessions *sessions = g_new0(struct sessions, 1);

	sessions->limits = *limits;
	sessions->seal = seal_new();
	g_mutex_init(&sessions->lock);
	sessions->table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, unref);
	return sessions;
}

void sessions_free(struct sessions *sessions)
{
	if (!sessions)
		return;
	g_hash_table_destroy(sessions->table);
	g_mutex_clear(&sessions->lock);
	seal_free(sessions->seal);
	g_free(sessions);
}

/* --- cookies and forms ------------------------------------------------------------------------ */

char *sessions_cookie(const struct sessions *sessions, const char *id)
{
	g_autofree char *mark = seal_mark(sessions->seal, cookie_purpose, id);

	return g_strconcat(id, ".", mark, NULL);
}

char *sessions_read_cookie(const struct sessions *sessions, const char *cookie)
{
	const char *point = strchr(cookie, '.');

	if (!point)
		return NULL;
	g_autofree char *id = g_strndup(cookie, (gsize)(point - cookie));
	return seal_is_mark(sessions->seal, cookie_purpose, id, point + 1) ? g_steal_pointer(&id)
									   : NULL;
}

char *sessions_form_token(const struct sessions *sessions, const char *id)
{
	return seal_mark(sessions->seal, form_purpose, id);
}

bool sessions_is_form_token(const struct sessions *sessions, const char *id, const char *token)
{
	return seal_is_mark(sessions->seal, form_purpose, id, token);
}

/* --- sessions --------------------------------------------------------------------------------- */

void session_unref(struct session *session)
{
	if (!session || !g_atomic_int_dec_and_test(&session->references))
		return;
	db_pool_free(session->pool);
	g_mutex_clear(&session->lock);
	g_cond_clear(&session->answered);
	g_strfreev(session->undo);
	g_queue_clear_full(&session->sent, g_free);
	g_queue_clear_full(&session->busy, g_free);
	g_free(session->notice);
	g_free(session->name);
	g_free(session->id);
	g_free(session);
}

static bool is_over(const struct sessions *sessions, const struct session *session, gint64 now)
{
	return now - session->used > sessions->limits.idle ||
	       now - session->began > sessions->limits.lifetime;
}

/* Under the lock. Where a person has as many as allowed, the one used longest ago ends. */
static void make_room(struct sessions *sessions, const char *name)
{
	struct session *oldest = NULL;
	unsigned count = 0;
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, sessions->table);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct session *session = value;

		if (strcmp(session->name, name) != 0)
			continue;
		count++;
		if (!oldest || session->used < oldest->used)
			oldest = session;
	}
	if (oldest && count >= sessions->limits.of_person_max)
		g_hash_table_remove(sessions->table, oldest->id);
}

struct session *sessions_begin(struct sessions *sessions, const struct session *person,
			       char **id_out)
{
	struct session *session = g_new0(struct session, 1);

	*session = *person;
	session->name = g_strdup(person->name);
	session->id = seal_new_id();
	session->began = session->used = session->asked = g_get_monotonic_time();
	session->references = 2; /* the table's, the caller's */
	g_mutex_init(&session->lock);
	g_cond_init(&session->answered);
	g_queue_init(&session->sent);
	g_queue_init(&session->busy);

	g_mutex_lock(&sessions->lock);
	make_room(sessions, session->name);
	bool has_room = g_hash_table_size(sessions->table) < sessions->limits.sessions_max;
	if (has_room)
		g_hash_table_insert(sessions->table, session->id, session);
	g_mutex_unlock(&sessions->lock);
	if (has_room) {
		*id_out = g_strdup(session->id);
		return session;
	}
	session->references = 1;
	session_unref(session);
	return NULL;
}

struct session *sessions_find(struct sessions *sessions, const char *id)
{
	gint64 now = g_get_monotonic_time();

	g_mutex_lock(&sessions->lock);
	struct session *session = g_hash_table_lookup(sessions->table, id);
	if (session && is_over(sessions, session, now)) {
		g_hash_table_remove(sessions->table, id);
		session = NULL;
	}
	if (session) {
		session->used = now;
		g_atomic_int_inc(&session->references);
	}
	g_mutex_unlock(&sessions->lock);
	return session;
}

bool session_is_due(struct session *session, gint64 interval)
{
	gint64 now = g_get_monotonic_time();

	g_mutex_lock(&session->lock);
	bool is_due = now - session->asked > interval;
	if (is_due)
		session->asked = now;
	g_mutex_unlock(&session->lock);
	return is_due;
}

void sessions_end(struct sessions *sessions, const char *id)
{
	g_mutex_lock(&sessions->lock);
	g_hash_table_remove(sessions->table, id);
	g_mutex_unlock(&sessions->lock);
}

void sessions_look(struct sessions *sessions)
{
	gint64 now = g_get_monotonic_time();
	GHashTableIter iter;
	gpointer session;

	g_mutex_lock(&sessions->lock);
	g_hash_table_iter_init(&iter, sessions->table);
	while (g_hash_table_iter_next(&iter, NULL, &session))
		if (is_over(sessions, session, now))
			g_hash_table_iter_remove(&iter);
	g_mutex_unlock(&sessions->lock);
}

/* --- sent once -------------------------------------------------------------------------------- */

static int differ(const void *mark, const void *other)
{
	return strcmp(mark, other);
}

static void drop(GQueue *marks, const char *mark)
{
	GList *place = g_queue_find_custom(marks, mark, differ);

	if (!place)
		return;
	g_free(place->data);
	g_queue_delete_link(marks, place);
}

bool session_is_first(struct session *session, const char *mark)
{
	if (!mark)
		return true;
	g_mutex_lock(&session->lock);
	while (g_queue_find_custom(&session->busy, mark, differ))
		g_cond_wait(&session->answered, &session->lock);
	bool is_first = !g_queue_find_custom(&session->sent, mark, differ);
	if (is_first) {
		g_queue_push_head(&session->sent, g_strdup(mark));
		g_queue_push_head(&session->busy, g_strdup(mark));
	}
	if (session->sent.length > SENT_MAX)
		g_free(g_queue_pop_tail(&session->sent));
	g_mutex_unlock(&session->lock);
	return is_first;
}

void session_has_answered(struct session *session, const char *mark, bool did)
{
	if (!mark)
		return;
	g_mutex_lock(&session->lock);
	drop(&session->busy, mark);
	if (!did)
		drop(&session->sent, mark);
	g_cond_broadcast(&session->answered);
	g_mutex_unlock(&session->lock);
}

/* --- said once -------------------------------------------------------------------------------- */

void session_say(struct session *session, const char *notice, const char *const *undo)
{
	g_mutex_lock(&session->lock);
	g_free(session->notice);
	session->notice = g_strdup(notice);
	g_strfreev(session->undo);
	session->undo = g_strdupv((char **)undo);
	g_mutex_unlock(&session->lock);
}

char *session_take_notice(struct session *session, char ***undo_out)
{
	g_mutex_lock(&session->lock);
	char *notice = g_steal_pointer(&session->notice);
	*undo_out = g_steal_pointer(&session->undo);
	g_mutex_unlock(&session->lock);
	return notice;
}
