/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The mail systems behind the test addresses (parameter test_addresses): instead of a mail to
 * one of them, the report is sent that such a system would send. It goes to the return path, so
 * all that follows is real: the MTAs, the milter, what is recorded.
 */
#ifndef DELIVERY_MESSAGE_SIMULATOR_H
#define DELIVERY_MESSAGE_SIMULATOR_H

#include <glib.h>

#include "db/queue.h"

/* The report on this mail to its first recipient, by item->simulates: the behaviour, "hard" for
 * instance; any other word is a mailbox that does not exist. now is the date of the report.
 * Lines end in CRLF. Thread-safe. */
GBytes *simulator_report(const struct db_item *item, const struct db_content *content,
			 GDateTime *now);

#endif
