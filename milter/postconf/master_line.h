/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One line of master.cf (master(5)) as postconf -M prints it: the fields, then what the program is
 * given.
 */
#ifndef MILTER_POSTCONF_MASTER_LINE_H
#define MILTER_POSTCONF_MASTER_LINE_H

enum { MASTER_LINE_FIELDS = 8 }; /* the last is the program */

/* NULL where there are fewer. Free with g_strfreev. */
char **master_line_fields(const char *line);

/* The name behind an -o that has no "=value", which postconf says nothing of and the program ends
 * by. Heap; NULL: there is none. */
char *master_line_bad_option(const char *line);

/* The first argument that belongs to no option, where the command takes nothing else. Heap; NULL:
 * there is none. */
char *master_line_stray(const char *line, const char *command);

/* Calls visit for each -o of the line. */
typedef void master_line_visit(const char *name, const char *value, void *data);
void master_line_each_option(const char *line, master_line_visit *visit, void *data);

#endif
