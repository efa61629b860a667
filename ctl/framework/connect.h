/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The database and the configuration of a call.
 *
 * The database is the first of these that is there: --conninfo; the conninfo of -c FILE;
 * libpq's own environment (PGSERVICE, PGDATABASE, PGHOST); the conninfo of
 * /etc/bounce-milter/bounce-milter.conf.
 */
#ifndef CTL_FRAMEWORK_CONNECT_H
#define CTL_FRAMEWORK_CONNECT_H

#include "ctl/framework/call.h"
#include "db/pool.h"
#include "intake/milter_settings.h"

/* What to connect with, heap. NULL with BM_ERROR_CONFIG. */
char *ctl_connect_conninfo(const struct ctl_call *call, GError **error)
    __attribute__((warn_unused_result));

/* The pool of the call, which owns it. Nothing is opened before the first query.
 * NULL with BM_ERROR_CONFIG. */
struct db_pool *ctl_connect_pool(struct ctl_call *call, GError **error)
    __attribute__((warn_unused_result));

/* Asks the database of the call: as db_rows_fetch. */
struct db_rows *ctl_connect_fetch(struct ctl_call *call, const struct db_statement *statement,
				  const char *const *values, GError **error)
    __attribute__((warn_unused_result));

/* The configuration file of the call: -c FILE, or the usual one, or where that does
 * not exist the defaults. False with BM_ERROR_CONFIG; clear either way. */
bool ctl_connect_settings(const struct ctl_call *call, struct milter_settings *settings_out,
			  GError **error) __attribute__((warn_unused_result));

#endif
