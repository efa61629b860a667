/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether the programs of Postfix start with this configuration: each ends with a fatal error on a
 * value that it cannot read.
 */
#ifndef MILTER_POSTFIX_STARTUP_H
#define MILTER_POSTFIX_STARTUP_H

#include <stdbool.h>

#include "milter/postconf/postconf.h"

/* Prints a line of --check for each fault; true if there is none. Of a value that only looks wrong
 * it prints a warning. */
bool startup_check(const struct postconf *postfix);

/* Whether master(8) runs the service; prints a fault if not. */
bool startup_check_service(const struct postconf *postfix, const struct postconf_service *service);

/* Whether a program of Postfix can read main.cf; where none can, no table can be asked either.
 * Prints a line of --check for the fault. */
bool startup_reads_main(void);

#endif
