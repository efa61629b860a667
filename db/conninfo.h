/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a connection string says, without connecting: the servers it names (several are a leader
 * and its standbys), and where its password is.
 */
#ifndef DB_CONNINFO_H
#define DB_CONNINFO_H

#include <stdbool.h>

#include <glib.h>

/* What is wrong with several hosts, as a line for people; NULL if nothing. The environment and
 * the service file count like conninfo itself; nobody is waited for. Heap. */
char *conninfo_hosts_fault(const char *conninfo);

/* Puts a keyword with its value, quoted, behind what is there. */
void conninfo_append(GString *conninfo, const char *keyword, const char *value);

/* Whether it holds a password itself. */
bool conninfo_has_password(const char *conninfo);

/* The file that libpq looks for passwords in: of the string, of PGPASSFILE, or ~/.pgpass.
 * Heap. */
char *conninfo_password_file(const char *conninfo);

#endif
