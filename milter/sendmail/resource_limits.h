/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Options of a sendmail.cf by which Sendmail takes no mail at all: too little room, a machine that
 * is too busy, too many clients.
 */
#ifndef MILTER_SENDMAIL_RESOURCE_LIMITS_H
#define MILTER_SENDMAIL_RESOURCE_LIMITS_H

#include <stdbool.h>

/* Prints a line of --check for each. lines: those of the file. True without a fault. */
bool resource_limits_check(char *const *lines);

#endif
