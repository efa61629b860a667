/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/folder.h"

#include <errno.h>
#include <string.h>

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *folder_names(const char *path, GError **error)
{
	errno = 0;
	g_autoptr(GDir) folder = g_dir_open(path, 0, error);
	if (!folder)
		return NULL;
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	for (const char *name = g_dir_read_name(folder); name; name = g_dir_read_name(folder))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	return names;
}

GPtrArray *folder_files(const char *path, const char *ending, GError **error)
{
	g_autoptr(GPtrArray) names = folder_names(path, error);

	if (!names)
		return NULL;
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];

		if (*name != '.' && g_str_has_suffix(name, ending))
			g_ptr_array_add(files, g_build_filename(path, name, NULL));
	}
	return files;
}
