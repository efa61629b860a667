/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether Postfix takes an address of a domain that it takes mail for: its lists of recipients, and
 * transports that refuse.
 */
#ifndef MILTER_POSTFIX_RECIPIENT_H
#define MILTER_POSTFIX_RECIPIENT_H

#include <stdbool.h>

#include "milter/postconf/postconf.h"

/* What Postfix calls an address class: how it handles the domains of a list. */
struct recipient_class {
	const char *domains;    /* "virtual_mailbox_domains" */
	const char *recipients; /* "virtual_mailbox_maps" */
	const char *transport;  /* "virtual_transport" */
	bool is_listed;         /* who is not in recipients is refused though that is empty */
	bool is_local;
};

/* Why mail for the address is refused, and what to do; NULL if it is taken. Heap. */
char *recipient_fault(const struct postconf *postfix, const struct recipient_class *class,
		      const char *address);

/* Whether the lists of recipients have it, or none is kept: reject_unlisted_recipient. */
bool recipient_is_listed(const struct postconf *postfix, const struct recipient_class *class,
			 const char *address);

/* Where its mail goes: what transport_maps has, or "". Heap. */
char *recipient_transport(const struct postconf *postfix, const char *address);

#endif
