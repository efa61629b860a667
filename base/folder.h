/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is in a folder of the file system.
 */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H

#include <glib.h>

/* The names of its entries, in the order of their bytes. NULL with errno and a GFileError if it
 * cannot be read. */
GPtrArray *folder_names(const char *path, GError **error);

/* The paths of those that end so and are not hidden, in the same order. */
GPtrArray *folder_files(const char *path, const char *ending, GError **error);

#endif
