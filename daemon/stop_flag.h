/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How a thread that does something now and then is told to end.
 */
#ifndef DAEMON_STOP_FLAG_H
#define DAEMON_STOP_FLAG_H

#include <stdbool.h>

#include <glib.h>

struct stop_flag;

struct stop_flag *stop_flag_new(void);
void stop_flag_free(struct stop_flag *flag); /* when nobody waits for it any more */

/* Wakes whoever waits. */
void stop_flag_set(struct stop_flag *flag);
/* Waits that long for it to be set, in microseconds. True if it is. */
bool stop_flag_wait(struct stop_flag *flag, gint64 microseconds);

#endif
