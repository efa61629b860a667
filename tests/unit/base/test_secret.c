/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A secret in a file: what is read of it, that it is replaced as a whole, and who may see it.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "base/secret.h"

struct place {
	char *folder;
	char *file;
};

static void place_set_up(struct place *place, gconstpointer data)
{
	(void)data;
	place->folder = g_dir_make_tmp("secret-XXXXXX", NULL);
	g_assert_nonnull(place->folder);
	place->file = g_build_filename(place->folder, "password", NULL);
}

static void place_tear_down(struct place *place, gconstpointer data)
{
	(void)data;
	g_unlink(place->file);
	g_assert_cmpint(g_rmdir(place->folder), ==, 0); /* nothing else was left in it */
	g_free(place->file);
	g_free(place->folder);
}

static void test_read(struct place *place, gconstpointer data)
{
	static const char *const rows[][2] = {
	    {"open sesame\n", "open sesame"},
	    {"open\r\nsesame\n", "open"},
	    {"no end", "no end"},
	    {"\nsecond\n", ""},
	    {"", ""},
	};

	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_true(g_file_set_contents(place->file, rows[i][0], -1, NULL));
		char *secret = secret_read(place->file, "password_file", &error);
		g_assert_no_error(error);
		g_assert_cmpstr(secret, ==, rows[i][1]);
		secret_free(secret);
	}
}

static void test_read_fault(struct place *place, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	(void)data;
	g_assert_null(secret_read(place->file, "password_file", &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
	g_assert_true(g_str_has_prefix(error->message, "password_file: "));
	g_assert_nonnull(strstr(error->message, place->file));
}

static unsigned mode_of(const char *path)
{
	struct stat status;

	g_assert_cmpint(stat(path, &status), ==, 0);
	return (unsigned)status.st_mode & 0777;
}

/* However long the old one was, and whoever could read it. */
static void test_replace(struct place *place, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	(void)data;
	g_assert_true(g_file_set_contents(place->file, "a longer one, of old\n", -1, NULL));
	g_assert_cmpint(g_chmod(place->file, 0644), ==, 0);
	g_assert_true(secret_replace(place->file, "fresh", "refresh_token_file", &error));
	g_assert_no_error(error);
	g_assert_true(g_file_get_contents(place->file, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "fresh\n");
	g_assert_cmpuint(mode_of(place->file), ==, 0600);
}

static void test_replace_fault(struct place *place, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(place->folder, "missing", "token", NULL);

	(void)data;
	g_assert_false(secret_replace(path, "fresh", "refresh_token_file", &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
	g_assert_true(g_str_has_prefix(error->message, "refresh_token_file: cannot replace "));
}

/* A group may be let in to read: that of the daemon. */
static void test_objection(struct place *place, gconstpointer data)
{
	static const struct {
		unsigned mode;
		bool is_fault;
	} rows[] = {{0600, false}, {0400, false}, {0640, false}, {0660, true},
		    {0604, true},  {0644, true},  {0601, true},  {0602, true}};

	(void)data;
	g_assert_null(secret_file_objection("", "key"));
	g_assert_null(secret_file_objection(place->file, "key"));
	g_assert_true(g_file_set_contents(place->file, "x", -1, NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_assert_cmpint(g_chmod(place->file, rows[i].mode), ==, 0);
		g_autofree char *objection = secret_file_objection(place->file, "key");
		g_autofree char *fault =
		    g_strdup_printf("key: others may read or change %s (mode %03o): chmod 600 %s",
				    place->file, rows[i].mode, place->file);

		g_assert_cmpstr(objection, ==, rows[i].is_fault ? fault : NULL);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct place *place, gconstpointer data);
	} tests[] = {{"read", test_read},
		     {"read-fault", test_read_fault},
		     {"replace", test_replace},
		     {"replace-fault", test_replace_fault},
		     {"objection", test_objection}};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strconcat("/base/secret/", tests[i].name, NULL);

		g_test_add(path, struct place, NULL, place_set_up, tests[i].run, place_tear_down);
	}
	return g_test_run();
}
