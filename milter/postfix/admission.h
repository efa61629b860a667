/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether other mail systems can bring a bounce to an smtpd at all: where it listens, what it
 * demands of them, and its rules.
 */
#ifndef MILTER_POSTFIX_ADMISSION_H
#define MILTER_POSTFIX_ADMISSION_H

#include <stdbool.h>

#include "milter/postconf/postconf.h"

/* Where other mail systems connect. */
bool admission_is_public(const struct postconf_service *service);
/* Where our own users hand in their mail: no bounce comes there. */
bool admission_is_submission(const struct postconf_service *service);

/* Of an smtpd that bounces come to; addresses: one of each bounce domain, empty where they are not
 * known. Prints a line of --check for each fault; true if there is none. */
bool admission_check(const struct postconf *postfix, const struct postconf_service *service,
		     const char *const *addresses);

/* Prints a warning if nothing listens where other mail systems connect. */
void admission_warn_of_port(const struct postconf *postfix);

#endif
