/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is in a folder: everything in order, the files of one ending without hidden ones, and why
 * one cannot be read.
 */
#include "base/folder.h"

#include <errno.h>

#include <glib/gstdio.h>

static const char *const names[] = {"b.conf", "B.conf", "a.conf", ".a.conf", "a.conf~", "conf"};

static char *made(void)
{
	char *path = g_dir_make_tmp("folder-XXXXXX", NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *file = g_build_filename(path, names[i], NULL);

		g_assert_true(g_file_set_contents(file, "", 0, NULL));
	}
	return path;
}

static void discard(const char *path)
{
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *file = g_build_filename(path, names[i], NULL);

		g_assert_cmpint(g_unlink(file), ==, 0);
	}
	g_assert_cmpint(g_rmdir(path), ==, 0);
}

/* Their last components, with a blank between them. */
static char *joined(const GPtrArray *paths)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (guint i = 0; i < paths->len; i++) {
		g_autofree char *name = g_path_get_basename(paths->pdata[i]);

		g_string_append_printf(out, "%s%s", i > 0 ? " " : "", name);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static void test_names(void)
{
	g_autofree char *path = made();
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = folder_names(path, &error);

	g_assert_no_error(error);
	g_autofree char *text = joined(all);
	g_assert_cmpstr(text, ==, ".a.conf B.conf a.conf a.conf~ b.conf conf");
	discard(path);
}

static void test_files(void)
{
	g_autofree char *path = made();
	g_autofree char *first = g_build_filename(path, "B.conf", NULL);
	g_autoptr(GPtrArray) files = folder_files(path, ".conf", NULL);
	g_autoptr(GPtrArray) none = folder_files(path, ".rules", NULL);
	g_autofree char *text = joined(files);

	g_assert_cmpstr(text, ==, "B.conf a.conf b.conf");
	g_assert_cmpstr(files->pdata[0], ==, first);
	g_assert_cmpuint(none->len, ==, 0);
	discard(path);
}

static void test_absence(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(folder_names("/nonexistent/folder", NULL));
	g_assert_cmpint(errno, ==, ENOENT);
	g_assert_null(folder_files("/nonexistent/folder", "", &error));
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/folder/names", test_names);
	g_test_add_func("/folder/files", test_files);
	g_test_add_func("/folder/absence", test_absence);
	return g_test_run();
}
