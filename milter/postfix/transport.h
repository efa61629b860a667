/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The transport of a bounce domain, which takes what we do not discard: letters that people write
 * to a return path, what nobody can read, and with LMTP every bounce.
 */
#ifndef MILTER_POSTFIX_TRANSPORT_H
#define MILTER_POSTFIX_TRANSPORT_H

#include <stdbool.h>

#include "milter/postfix/recipient.h"

/* address: one of the bounce domain, which the class has. Prints a line of --check for each fault;
 * true if there is none. What waits in the queue, or is handed on, is a warning. */
bool transport_check(const struct postconf *postfix, const struct recipient_class *class,
		     const char *address);

/* What is wrong with the content filter, to which smtpd of that service hands all it takes. NULL:
 * nothing is, or there is none. Heap. */
char *transport_filter_fault(const struct postconf *postfix,
			     const struct postconf_service *service);

#endif
