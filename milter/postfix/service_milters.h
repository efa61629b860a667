/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A way of mail to us: a service of Postfix, and the parameter with its filters. Says whether it
 * leads to us, and what is wrong with it.
 */
#ifndef MILTER_POSTFIX_SERVICE_MILTERS_H
#define MILTER_POSTFIX_SERVICE_MILTERS_H

#include <stdbool.h>

#include "intake/milter_settings.h"
#include "milter/postconf/postconf.h"
#include "milter/postfix/milter_list.h"

#define WAY_SMTP    "smtpd_milters"
#define WAY_REPORTS "non_smtpd_milters"

/* Borrowed. */
struct way {
	const struct postconf *postfix;
	const struct milter_settings *settings;
	const struct postconf_service *service; /* NULL: main.cf alone */
	const char *parameter;
};

bool way_leads_to_us(const struct way *way);

/* Why it does not, and what to do about it; of a service. Heap. */
char *way_explain(const struct way *way);
char *way_advise(const struct way *way);

/* What is wrong with the default_action of one that leads to us; NULL if nothing. Heap. */
char *way_action_fault(const struct way *way);

/* Whether Postfix gives up what it waits for before it is there; NULL if not. Heap. */
char *way_wait_fault(const struct way *way, enum milter_timeout timeout);

/* The protocol of one that leads to us, as Postfix writes it. Heap. */
char *way_protocol(const struct way *way);

#endif
