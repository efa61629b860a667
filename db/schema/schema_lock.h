/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Keeps everybody out of the schema while it is changed.
 */
#ifndef DB_SCHEMA_SCHEMA_LOCK_H
#define DB_SCHEMA_SCHEMA_LOCK_H

#include "db/pg.h"

/* Called when somebody uses the schema, and now and then while that lasts. */
typedef void schema_lock_waiting(void);

/* Locks all tables and views of the schema bounce until the transaction ends, however long
 * somebody uses them: nobody else's transaction fails for it. False with a code as pg_script. */
bool schema_lock_take(PGconn *connection, schema_lock_waiting *waiting, GError **error)
    __attribute__((warn_unused_result));

#endif
