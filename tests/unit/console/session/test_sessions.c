/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sessions end, cookies are ours, guessing takes time.
 */
#include "console/session/sessions.h"

#include <string.h>

#include "console/session/throttle.h"

static const struct sessions_limits limits = {.sessions_max = 3,
					      .of_person_max = 2,
					      .idle = 60 * G_USEC_PER_SEC,
					      .lifetime = 60 * G_USEC_PER_SEC};

/* The id of a new session, heap; NULL where there is no room. */
static char *begin(struct sessions *sessions, const char *name)
{
	const struct session person = {.name = (char *)name};
	char *id = NULL;
	g_autoptr(session_t) session = sessions_begin(sessions, &person, &id);

	(void)session;
	return id;
}

static bool is_there(struct sessions *sessions, const char *id)
{
	g_autoptr(session_t) session = sessions_find(sessions, id);

	return session;
}

static void test_cookies(void)
{
	struct sessions *sessions = sessions_new(&limits);
	struct sessions *others = sessions_new(&limits);
	g_autofree char *id = begin(sessions, "eva");
	g_autofree char *cookie = sessions_cookie(sessions, id);
	g_autofree char *foreign = sessions_cookie(others, id);
	g_autofree char *token = sessions_form_token(sessions, id);
	g_autofree char *read = sessions_read_cookie(sessions, cookie);

	g_assert_cmpstr(read, ==, id);
	g_assert_null(sessions_read_cookie(sessions, foreign));
	g_assert_null(sessions_read_cookie(sessions, id));
	g_assert_null(sessions_read_cookie(sessions, ""));
	g_assert_null(sessions_read_cookie(sessions, "."));
	cookie[0] = cookie[0] == 'a' ? 'b' : 'a';
	g_assert_null(sessions_read_cookie(sessions, cookie));
	g_assert_true(sessions_is_form_token(sessions, id, token));
	g_assert_false(sessions_is_form_token(sessions, "other", token));
	g_assert_false(sessions_is_form_token(sessions, id, strchr(foreign, '.') + 1));
	g_assert_false(sessions_is_form_token(sessions, id, ""));
	sessions_free(sessions);
	sessions_free(others);
}

static void test_bounds(void)
{
	struct sessions *sessions = sessions_new(&limits);
	g_autofree char *first = begin(sessions, "eva");
	g_autofree char *second = begin(sessions, "eva");
	g_autofree char *third = begin(sessions, "eva");
	g_autofree char *tom = begin(sessions, "tom");

	g_assert_false(is_there(sessions, first)); /* the third of hers ended it */
	g_assert_true(is_there(sessions, second) && is_there(sessions, third));
	g_assert_true(is_there(sessions, tom));
	g_assert_null(begin(sessions, "ada"));
	sessions_end(sessions, tom);
	g_assert_false(is_there(sessions, tom));
	g_autofree char *ada = begin(sessions, "ada");
	g_assert_true(is_there(sessions, ada));
	sessions_free(sessions);
}

static void test_end(void)
{
	struct sessions_limits over = limits;

	over.idle = -1;
	struct sessions *sessions = sessions_new(&over);
	g_autofree char *id = begin(sessions, "eva");
	g_assert_false(is_there(sessions, id));
	sessions_free(sessions);
}

static void test_notice(void)
{
	struct sessions *sessions = sessions_new(&limits);
	g_autofree char *id = begin(sessions, "eva");
	g_autoptr(session_t) session = sessions_find(sessions, id);
	const char *const undo[] = {"7", NULL};
	g_auto(GStrv) ids = NULL;
	char **none = NULL;

	session_say(session, "done", undo);
	g_autofree char *notice = session_take_notice(session, &ids);
	g_assert_cmpstr(notice, ==, "done");
	g_assert_cmpstr(ids[0], ==, "7");
	g_assert_null(session_take_notice(session, &none));
	g_assert_null(none);
	sessions_free(sessions);
}

/* The second click, in a thread of its own. */
static void *click_again(void *data)
{
	struct session *session = data;
	char **undo = NULL;

	g_assert_false(session_is_first(session, "mark"));
	char *notice = session_take_notice(session, &undo);
	g_strfreev(undo);
	return notice;
}

static void test_double_click(void)
{
	struct sessions *sessions = sessions_new(&limits);
	g_autofree char *id = begin(sessions, "eva");
	g_autoptr(session_t) session = sessions_find(sessions, id);

	g_assert_true(session_is_first(session, NULL));
	g_assert_true(session_is_first(session, "mark"));
	GThread *again = g_thread_new("again", click_again, session);
	g_usleep(G_USEC_PER_SEC / 10); /* what does not wait takes nothing meanwhile, and is seen */
	session_say(session, "done", NULL);
	session_has_answered(session, "mark", true);
	g_autofree char *notice = g_thread_join(again);
	g_assert_cmpstr(notice, ==, "done");
	g_assert_false(session_is_first(session, "mark"));
	sessions_free(sessions);
}

static void *click_after_failure(void *data)
{
	return GINT_TO_POINTER(session_is_first(data, "mark"));
}

static void test_double_click_of_a_failure(void)
{
	struct sessions *sessions = sessions_new(&limits);
	g_autofree char *id = begin(sessions, "eva");
	g_autoptr(session_t) session = sessions_find(sessions, id);

	g_assert_true(session_is_first(session, "mark"));
	GThread *again = g_thread_new("again", click_after_failure, session);
	session_has_answered(session, "mark", false);
	g_assert_true(GPOINTER_TO_INT(g_thread_join(again)));
	session_has_answered(session, "mark", true);
	g_assert_false(session_is_first(session, "mark"));
	sessions_free(sessions);
}

static void test_throttle(void)
{
	const struct throttle_limits few = {.tries = 2, .interval = 10, .keys_max = 2};
	struct throttle *throttle = throttle_new(&few);

	g_assert_true(throttle_try(throttle, "eva", 100));
	g_assert_true(throttle_try(throttle, "eva", 100));
	g_assert_false(throttle_try(throttle, "eva", 100));
	g_assert_false(throttle_try(throttle, "eva", 109));
	g_assert_true(throttle_try(throttle, "eva", 110));
	g_assert_true(throttle_try(throttle, "tom", 110));
	g_assert_false(throttle_try(throttle, "ada", 110)); /* too many names */
	g_assert_true(throttle_try(throttle, "ada", 200));  /* the others are forgotten */
	throttle_forgive(throttle, "ada");
	g_assert_true(throttle_try(throttle, "ada", 200));
	g_assert_true(throttle_try(throttle, "ada", 200));
	throttle_free(throttle);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sessions/cookies", test_cookies);
	g_test_add_func("/sessions/bounds", test_bounds);
	g_test_add_func("/sessions/end", test_end);
	g_test_add_func("/sessions/notice", test_notice);
	g_test_add_func("/sessions/double-click", test_double_click);
	g_test_add_func("/sessions/double-click-of-a-failure", test_double_click_of_a_failure);
	g_test_add_func("/throttle", test_throttle);
	return g_test_run();
}
