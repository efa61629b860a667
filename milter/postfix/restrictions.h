/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The access rules of an smtpd, walked as it does for a bounce: from a stranger, without a sender,
 * to a return path.
 */
#ifndef MILTER_POSTFIX_RESTRICTIONS_H
#define MILTER_POSTFIX_RESTRICTIONS_H

#include "milter/postconf/postconf.h"

/* Which rule refuses it, and what to do; NULL if none. address: "" if no bounce domain is known.
 * Heap. */
char *restrictions_fault(const struct postconf *postfix, const struct postconf_service *service,
			 const char *address);

/* Prints a warning for a rule that may be intended. */
void restrictions_warn(const struct postconf *postfix, const struct postconf_service *service,
		       const char *address);

#endif
