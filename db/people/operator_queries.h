/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What operators ask of the database, one statement each: tasks, blocks,
 * parameters, corrections, reports. What they do is decided in sql/; the columns
 * are those of the views and functions in doc/schema.md.
 * The parameters are given as comments, in their order; NULL is "not said".
 */
#ifndef DB_PEOPLE_OPERATOR_QUERIES_H
#define DB_PEOPLE_OPERATOR_QUERIES_H

#include "db/rows.h"

extern const struct db_statement operator_queries_status;
/* Before those of metrics, so that they cost what has come since. */
extern const struct db_statement operator_queries_count_today;
extern const struct db_statement operator_queries_metrics;
/* One column, to choose from. */
extern const struct db_statement operator_queries_process_names;
extern const struct db_statement operator_queries_parameter_names;
extern const struct db_statement operator_queries_task_numbers;
extern const struct db_statement
    operator_queries_operator_mailbox; /* may be called as the milter */

/* The parameters of operator_queries_tasks, _task_ids and _task_groups; flags are "true". */
enum tasks_parameter {
	TASKS_OWNER, /* "": nobody */
	TASKS_KIND,
	TASKS_ADDRESS, /* part of the address or domain */
	TASKS_PROCESS,
	TASKS_CLOSED, /* closed ones too */
	TASKS_LIMIT,
	TASKS_DOMAIN,
	TASKS_REASON,
	TASKS_TEXT,    /* part of any words */
	TASKS_OVERDUE, /* overdue ones only */
	TASKS_DUE_BEFORE,
	TASKS_MADE_SINCE,
	TASKS_MADE_BEFORE,
	TASKS_ORDER,
	TASKS_GROUP, /* operator_queries_task_groups only */
	TASKS_PARAMETERS,
};
extern const struct db_statement operator_queries_tasks;
extern const struct db_statement operator_queries_task_ids; /* only these, in the same order */
extern const struct db_statement operator_queries_task_groups;
extern const struct db_statement operator_queries_task;       /* task id */
extern const struct db_statement operator_queries_task_story; /* task id */
extern const struct db_statement
    operator_queries_task_held; /* task id: the blocks an outage holds */
extern const struct db_statement operator_queries_task_ways;   /* task id: how it may be resolved */
extern const struct db_statement operator_queries_task_mails;  /* task id: the mails it is about */
extern const struct db_statement operator_queries_task_assign; /* task id, owner, note */
extern const struct db_statement operator_queries_task_postpone;  /* task id, due at, note */
extern const struct db_statement operator_queries_task_note;      /* task id, note */
extern const struct db_statement operator_queries_task_resolve;   /* task id, note */
extern const struct db_statement operator_queries_task_corrected; /* task id, note, address */
extern const struct db_statement
    operator_queries_task_suggested; /* task id, note: to the address that was suggested */
extern const struct db_statement
    operator_queries_task_preview; /* task ids, way, note, address, no resend ("true") */
extern const struct db_statement operator_queries_task_reopen;   /* task id, why */
extern const struct db_statement operator_queries_recipient_add; /* communication, address, why */
extern const struct db_statement
    operator_queries_recipient_change; /* communication id, old address, new address, why */
extern const struct db_statement
    operator_queries_resend_withdraw; /* communication id, address, why */
extern const struct db_statement
    operator_queries_task_unblocked; /* task id, note, no resend ("true") */
extern const struct db_statement operator_queries_task_arrived;     /* task id, note */
extern const struct db_statement operator_queries_task_dead;        /* task id, note */
extern const struct db_statement operator_queries_task_outage_real; /* task id, note */
extern const struct db_statement
    operator_queries_task_outage_dismiss; /* task id, note, no resend ("true") */

extern const struct db_statement
    operator_queries_params; /* part of a name, process, changed only ("true") */
extern const struct db_statement operator_queries_param;           /* name */
extern const struct db_statement operator_queries_param_processes; /* name */
extern const struct db_statement operator_queries_param_log;       /* name */
extern const struct db_statement operator_queries_param_set;       /* name, value, process */
extern const struct db_statement operator_queries_param_unset;     /* name, process */

extern const struct db_statement operator_queries_find; /* anything that names a communication */
extern const struct db_statement operator_queries_name; /* the same but addresses: name one mail */
extern const struct db_statement operator_queries_communication;            /* communication id */
extern const struct db_statement operator_queries_communication_recipients; /* communication id */
extern const struct db_statement operator_queries_communication_story;      /* communication id */

extern const struct db_statement
    operator_queries_bounces; /* communication id, address, class, since, until, limit */
extern const struct db_statement operator_queries_bounce;     /* bounce id */
extern const struct db_statement operator_queries_bounce_raw; /* bounce id */

extern const struct db_statement operator_queries_reclassify;         /* bounce id, reason, why */
extern const struct db_statement operator_queries_reclassify_preview; /* bounce id, reason, why */
extern const struct db_statement
    operator_queries_rule_hits; /* a proposed rule as text, its reason */
extern const struct db_statement
    operator_queries_replay_reports; /* since, until, after id, batch */
extern const struct db_statement
    operator_queries_replay_differences; /* bounce message id, document */
extern const struct db_statement
    operator_queries_replay_apply; /* bounce message id, document, why */
extern const struct db_statement
    operator_queries_undo_preview; /* since, until, domain, rule, diagnostic */
extern const struct db_statement
    operator_queries_undo; /* since, until, domain, rule, diagnostic, why, no resend */
extern const struct db_statement operator_queries_undo_list;     /* limit */
extern const struct db_statement operator_queries_redo;          /* undo id, why */
extern const struct db_statement operator_queries_erase_preview; /* name, is a person ("true") */

extern const struct db_statement operator_queries_report; /* dimension, since, until, limit */
extern const struct db_statement operator_queries_shadow; /* process, since, limit */

/* name of a function, table or view: the roles of ours that may use it, without those that the
 * account has, for which it was refused */
extern const struct db_statement operator_queries_roles_that_may;

extern const struct db_statement operator_queries_audit;
extern const struct db_statement operator_queries_keep_month;
extern const struct db_statement
    operator_queries_housekeeping; /* batch, months made and dropped before */
extern const struct db_statement
    operator_queries_erase; /* address or person, why, it is a person ("true") */
extern const struct db_statement operator_queries_keys;
extern const struct db_statement operator_queries_keys_rotate;

#endif
