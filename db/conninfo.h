/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a connection string says about passwords, without connecting.
 */
#ifndef DB_CONNINFO_H
#define DB_CONNINFO_H

#include <stdbool.h>

/* Whether it holds a password itself. */
bool conninfo_has_password(const char *conninfo);

/* The file that libpq looks for passwords in: of the string, of PGPASSFILE, or ~/.pgpass.
 * Heap. */
char *conninfo_password_file(const char *conninfo);

#endif
