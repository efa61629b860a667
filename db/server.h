/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the server of the database tells of itself, for --check.
 */
#ifndef DB_SERVER_H
#define DB_SERVER_H

#include <stdbool.h>

#include <glib.h>

/* How far the database's clock is ahead of ours, in seconds, negative where it is behind; what the
 * answer was on its way for counts as no difference. False with a code as pg_query. */
bool server_clock_lead(const char *conninfo, gint64 *seconds_out, GError **error)
    __attribute__((warn_unused_result));

/* How many connections our role may have at once, by its own limit, the database's and the
 * server's, whoever else has some of them now. False with a code as pg_query. */
bool server_room(const char *conninfo, gint64 *connections_out, GError **error)
    __attribute__((warn_unused_result));

/* How many partitions of this month and the next the event tables lack: nobody makes them. False
 * with a code as pg_query. */
bool server_missing_months(const char *conninfo, gint64 *partitions_out, GError **error)
    __attribute__((warn_unused_result));

/* How many of the settings that let a commit survive a crash of its machine are off. False with a
 * code as pg_query. */
bool server_frail_settings(const char *conninfo, gint64 *settings_out, GError **error)
    __attribute__((warn_unused_result));

#endif
