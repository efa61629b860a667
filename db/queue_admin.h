/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What people ask of the delivery queue, one statement each, as in db/operator_queries.h.
 */
#ifndef DB_QUEUE_ADMIN_H
#define DB_QUEUE_ADMIN_H

#include "db/rows.h"

/* ids, states (both parted by blanks), process, business reference, recipient, domain,
 * held only ("true"), limit; the states count only where no id is given */
extern const struct db_statement queue_list;
extern const struct db_statement queue_outcome; /* id: what became of it, in words */

extern const struct db_statement queue_retry;   /* id */
extern const struct db_statement queue_hold;    /* id */
extern const struct db_statement queue_release; /* id */
extern const struct db_statement queue_cancel;  /* id */

extern const struct db_statement queue_states;    /* depth and age by state */
extern const struct db_statement queue_processes; /* by process */
extern const struct db_statement queue_domains;   /* by remote domain; limit */
extern const struct db_statement queue_servers;   /* the submission servers, and who has what */

#endif
