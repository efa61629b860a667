/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The templates of console/templates and the files of console/static, compiled in.
 */
#ifndef CONSOLE_TEMPLATE_LIBRARY_H
#define CONSOLE_TEMPLATE_LIBRARY_H

#include <glib.h>

/* name -> struct template. NULL with BM_ERROR_CONFIG naming the template that has a fault. Release
 * with g_hash_table_unref. */
GHashTable *library_templates(GError **error) __attribute__((warn_unused_result));

/* The text of a static file; NULL where there is none of that name. */
const char *library_file(const char *name);

/* The source of a template by number; NULL behind the last one. For tests. */
const char *library_source(gsize number, const char **name_out);

#endif
