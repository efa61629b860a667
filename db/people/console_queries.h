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
extern const struct db_statement console_queries_task_said;
extern const struct db_statement console_queries_kinds;

extern const struct db_statement console_queries_days;  /* how many: what came back on each */
extern const struct db_statement console_queries_hours; /* the same */
extern const struct db_statement console_queries_process_rates; /* against their usual */

/* task id: the ways to resolve it that would work, by name, and what each would do */
extern const struct db_statement console_queries_ways;
/* the same columns, without what each would do: those that may be */
extern const struct db_statement console_queries_possible_ways;

/* Rows at most of what an act has done to mails, the last ones. */
#define CONSOLE_CHANGED_MAX 200

/* address: the blocks and the mails that the transaction has changed so far */
extern const struct db_statement console_queries_changed_address;

extern const struct db_statement console_queries_changed_mails; /* the mails alone */

/* process: what waits of it, and the task about it if the transaction has closed that */
extern const struct db_statement console_queries_changed_process;

/* waiting, PROCESSING, held, ERROR or SUCCESS; process or NULL, id that the page before ended with
 * or NULL, limit: mails of the queue, the last one first */
extern const struct db_statement console_queries_queue;
extern const struct db_statement console_queries_queue_processes; /* what waits of each */

/* process, since, until, time and recipient id that the page before ended with, or NULL, limit:
 * what did not arrive, in the order in which it was registered */
extern const struct db_statement console_queries_documents;
extern const struct db_statement console_queries_document_file; /* the same, with fewer columns */
extern const struct db_statement console_queries_document_sum; /* process, since, until: how many */
/* the same: whether there is any, and whether one waits to be sent */
extern const struct db_statement console_queries_document_any;

/* name: the values that the transaction has changed */
extern const struct db_statement console_queries_changed_parameter;
extern const struct db_statement console_queries_set;      /* name, value, process */
extern const struct db_statement console_queries_unset;    /* name, process */
extern const struct db_statement console_queries_set_back; /* name, old value, process, was set */

/* time and id of the message that the page before ended with, or NULL, limit: those that nobody
 * could classify and whose text is still there, the last one first */
extern const struct db_statement console_queries_letters;

extern const struct db_statement
    console_queries_letter_copies; /* bounce id: where it was sent on to */

extern const struct db_statement console_queries_resend; /* communication id, address, why */
extern const struct db_statement console_queries_retry;  /* communication id; names its undo */
extern const struct db_statement console_queries_withdraw_retry; /* communication id, why */
extern const struct db_statement console_queries_withdrawable;   /* communication id: addresses */
extern const struct db_statement console_queries_verdicts;       /* bounce id: how it changed */
extern const struct db_statement console_queries_undone; /* bounce id: what undid it, and stands */
extern const struct db_statement console_queries_retry_letter;  /* bounce id */
extern const struct db_statement console_queries_retry_letters; /* task id: of all bounces */
extern const struct db_statement console_queries_retry_events;  /* task id */
extern const struct db_statement console_queries_bounce_raw;    /* bounce id */
extern const struct db_statement console_queries_bounce_events;
extern const struct db_statement console_queries_reclassify; /* bounce id, reason, why */
/* since, until, domain, rule, diagnostic, why, no resend ("true") */
extern const struct db_statement console_queries_undo;
extern const struct db_statement console_queries_reasons; /* to choose from, with their meaning */

/* id of a mail, id of a task, address: what happened, oldest first; of our programs no actor */
extern const struct db_statement console_queries_mail_story;
extern const struct db_statement console_queries_task_story;
extern const struct db_statement console_queries_block_story;

/* name: whom else a task can be given to */
extern const struct db_statement console_queries_people;

/* address: as it is written first, whether and for whom it is blocked */
extern const struct db_statement console_queries_address;
extern const struct db_statement console_queries_address_blocks; /* address: those in force first */
/* part of an address, process, lifted ones too ("true"), id that the page before ended with, limit
 */
extern const struct db_statement console_queries_blocks;
/* process, address that the batch before ended with: a thousand blocks in force that keep it from
 * writing, and those of the last address, as import_blocks() reads them */
extern const struct db_statement console_queries_block_file;
/* address, time and recipient id that the page before ended with, or NULL, limit: its mails, the
 * last one first, and what came back to each */
extern const struct db_statement console_queries_address_mails;

#endif
