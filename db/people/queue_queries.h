/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What people ask of the delivery queue, one statement each, as in db/people/operator_queries.h.
 */
#ifndef DB_PEOPLE_QUEUE_QUERIES_H
#define DB_PEOPLE_QUEUE_QUERIES_H

#include "db/rows.h"

/* The parameters of queue_list. */
enum queue_list_parameter {
	QUEUE_LIST_STATES, /* an array: pg_array.h */
	QUEUE_LIST_PROCESS,
	QUEUE_LIST_BUSINESS_REF,
	QUEUE_LIST_RECIPIENT,
	QUEUE_LIST_DOMAIN,
	QUEUE_LIST_HELD, /* "true": held ones only */
	QUEUE_LIST_LIMIT,
};
extern const struct db_statement queue_list;
extern const struct db_statement queue_outcome; /* id: what became of it, in words */

extern const struct db_statement queue_retry; /* id */
extern const struct db_statement queue_hold;  /* id */
/* process, recipients (array), sender, message as hexadecimal digits, reference: the id */
extern const struct db_statement queue_submit;
extern const struct db_statement queue_submit_now;
extern const struct db_statement queue_send_now;     /* id */
extern const struct db_statement queue_send_outcome; /* id */
extern const struct db_statement queue_release;      /* id */
extern const struct db_statement queue_whom;         /* id: to whom it would be sent */
extern const struct db_statement queue_cancel;       /* id */

extern const struct db_statement queue_forward_letter;  /* bounce id, address, why */
extern const struct db_statement queue_withdraw_letter; /* the same */

extern const struct db_statement queue_pause;  /* process, why */
extern const struct db_statement queue_resume; /* process, why */

extern const struct db_statement queue_queries_processes;       /* part of a name */
extern const struct db_statement queue_queries_process;         /* name */
extern const struct db_statement queue_queries_process_history; /* name */
/* process, application: who gets it, who loses it */
extern const struct db_statement queue_queries_process_preview_give;
extern const struct db_statement queue_queries_process_preview_take;
extern const struct db_statement queue_queries_process_give; /* process, application, why */
extern const struct db_statement queue_queries_process_take; /* process, application, why */

extern const struct db_statement queue_states;    /* depth and age by state */
extern const struct db_statement queue_processes; /* by process */
extern const struct db_statement queue_domains;   /* by remote domain; limit */
extern const struct db_statement queue_servers;   /* the submission servers, and who has what */

#endif
