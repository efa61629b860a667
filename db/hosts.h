/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The servers that a connection string names: several of them are a leader and its standbys.
 */
#ifndef DB_HOSTS_H
#define DB_HOSTS_H

/* What is wrong with several hosts, as a line for people; NULL if nothing. The environment and
 * the service file count like conninfo itself; nobody is waited for. Heap. */
char *db_hosts_fault(const char *conninfo);

#endif
