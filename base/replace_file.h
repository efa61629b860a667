/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A file that others read while it is written anew.
 */
#ifndef BASE_REPLACE_FILE_H
#define BASE_REPLACE_FILE_H

#include <stdbool.h>

#include <glib.h>

/* A reader sees the old file or the new one. mode whatever the umask. BM_ERROR_CONFIG. */
bool replace_file(const char *path, const GString *text, int mode, GError **error)
    __attribute__((warn_unused_result));

#endif
