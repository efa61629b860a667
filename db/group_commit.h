/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Recording for many threads: reports that wait at the same moment share a statement and a COMMIT
 * (db/record.h). Who meets nobody waits for nobody.
 */
#ifndef DB_GROUP_COMMIT_H
#define DB_GROUP_COMMIT_H

#include "db/record.h"

struct db_group_commit;

/* The pool must live longer. */
struct db_group_commit *db_group_commit_new(struct db_pool *pool);
/* When no thread uses it any more. */
void db_group_commit_free(struct db_group_commit *group);

/* As db_record_report, in the time that it may take and a wait for a connection and an answer more.
 * Thread-safe. */
bool db_group_commit_record(struct db_group_commit *group, const struct db_report *report,
			    struct db_record_result *result_out, GError **error)
    __attribute__((warn_unused_result));

#endif
