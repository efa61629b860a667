/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A folder with one rule file, and a site's file beside it, as a fixture of g_test_add().
 */
#ifndef TESTS_UNIT_RULES_FOLDER_H
#define TESTS_UNIT_RULES_FOLDER_H

#include <glib.h>
#include <glib/gstdio.h>

struct rules_folder {
	char *path;
	char *rules; /* the names of files that a test writes */
	char *site;
};

static inline void rules_folder_set_up(struct rules_folder *folder, gconstpointer data)
{
	(void)data;
	folder->path = g_dir_make_tmp("rules-XXXXXX", NULL);
	g_assert_nonnull(folder->path);
	folder->rules = g_build_filename(folder->path, "10.rules", NULL);
	folder->site = g_build_filename(folder->path, "site", NULL);
}

/* Nothing else may be left there. */
static inline void rules_folder_tear_down(struct rules_folder *folder, gconstpointer data)
{
	(void)data;
	g_unlink(folder->rules);
	g_unlink(folder->site);
	g_assert_cmpint(g_rmdir(folder->path), ==, 0);
	g_free(folder->rules);
	g_free(folder->site);
	g_free(folder->path);
}

#endif
