/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A secret in a file of its own, and its traces wiped.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>

#include <glib.h>

/* The first line of the file as it is now: somebody may have renewed it. Free with secret_free.
 * NULL with BM_ERROR_CONFIG that begins with the name of the key. */
char *secret_read(const char *path, const char *key, GError **error)
    __attribute__((warn_unused_result));
void secret_free(char *secret); /* NULL does nothing */

/* Puts another secret into the file, which only its owner may read then: the old one or the new
 * one is there, whatever happens. False with BM_ERROR_CONFIG that begins with the name of the
 * key. */
bool secret_replace(const char *path, const char *secret, const char *key, GError **error)
    __attribute__((warn_unused_result));

/* What is wrong with who may read or change the file, for --check; NULL: nothing. Heap. */
char *secret_file_objection(const char *path, const char *key);

#endif
