/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What roles may do in the schema, as the catalogue says it. No digest of texts tells that somebody
 * has revoked a right.
 */
#ifndef DB_SCHEMA_RIGHTS_H
#define DB_SCHEMA_RIGHTS_H

#include <stdbool.h>

#include <glib.h>

#include "db/pg.h"

/* The accounts of the daemons, and the group role that gives each its rights; for VALUES. */
#define RIGHTS_ACCOUNTS                                                                            \
	"('bouncemilter', 'bounce_milter'), ('bouncefetch', 'bounce_milter'), "                    \
	"('bouncedelivery', 'bounce_delivery'), ('bounceconsole', 'bounce_console')"

/* Every right, a line for people each: "bounce_milter lacks EXECUTE on bounce.record_report(json)"
 * where it is lacking. Release with g_ptr_array_unref. NULL with a code as pg_query. */
GPtrArray *rights_read(PGconn *connection, GError **error) __attribute__((warn_unused_result));

/* The lines of all that some does not have, in their order. Release with g_ptr_array_unref. */
GPtrArray *rights_lacking(const GPtrArray *all, const GPtrArray *some);

/* The same kind of line for accounts that are there, and no member of their group role. */
GPtrArray *rights_read_memberships(PGconn *connection, GError **error)
    __attribute__((warn_unused_result));

#endif
