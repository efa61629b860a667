/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether this machine and the database have the same time.
 */
#ifndef DB_CLOCK_H
#define DB_CLOCK_H

#include <stdbool.h>

#include <glib.h>

/* How far the database's clock is ahead of ours, in seconds, negative where it is behind; what the
 * answer was on its way for counts as no difference. False with a code as pg_query. */
bool clock_lead(const char *conninfo, gint64 *seconds_out, GError **error)
    __attribute__((warn_unused_result));

#endif
