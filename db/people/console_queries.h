/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What only the console asks; everything else is in db/people/operator_queries.h.
 */
#ifndef DB_PEOPLE_CONSOLE_QUERIES_H
#define DB_PEOPLE_CONSOLE_QUERIES_H

#include "db/rows.h"

/* The parameters of console_queries_tasks; NULL is "not said". */
enum console_tasks_parameter {
	CONSOLE_TASKS_STATUS, /* open or done */
	CONSOLE_TASKS_OWNER,
	CONSOLE_TASKS_NOBODY, /* "true": those of nobody */
	CONSOLE_TASKS_KIND,
	CONSOLE_TASKS_PROCESS,
	CONSOLE_TASKS_TEXT,    /* part of any words */
	CONSOLE_TASKS_OVERDUE, /* "true": overdue ones only */
	CONSOLE_TASKS_ORDER,   /* due, age, count, domain */
	CONSOLE_TASKS_AFTER,   /* id: those behind this one in that order */
	CONSOLE_TASKS_LIMIT,
	CONSOLE_TASKS_PARAMETERS,
};
/* A page of tasks: the place where it goes on is a task, not a number of rows. */
extern const struct db_statement console_queries_tasks;

/* owner or NULL: the open tasks by kind, and how many are overdue */
extern const struct db_statement console_queries_kinds;

/* task id: the ways to resolve it that would work, by name, and what each would do */
extern const struct db_statement console_queries_ways;

#endif
