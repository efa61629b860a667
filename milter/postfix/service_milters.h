/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The milters of one service of Postfix, as the parameter for them lists them: whether mail gets to
 * us through them, and what is wrong with the entry that leads to us.
 */
#ifndef MILTER_POSTFIX_SERVICE_MILTERS_H
#define MILTER_POSTFIX_SERVICE_MILTERS_H

#include <stdbool.h>

#include "intake/milter_settings.h"
#include "milter/postconf/postconf.h"
#include "milter/postfix/milter_list.h"

#define SERVICE_MILTERS_SMTP    "smtpd_milters"
#define SERVICE_MILTERS_REPORTS "non_smtpd_milters"

/* Borrowed. */
struct service_milters {
	const struct postconf *postfix;
	const struct milter_settings *settings;
	const struct postconf_service *service; /* NULL: main.cf alone */
	const char *parameter;
};

bool service_milters_lead_to_us(const struct service_milters *milters);

/* Why it does not, and what to do about it; of a service. Heap. */
char *service_milters_explain(const struct service_milters *milters);
char *service_milters_advise(const struct service_milters *milters);

/* What is wrong with the default_action of one that leads to us; NULL if nothing. Heap. */
char *service_milters_action_fault(const struct service_milters *milters);

/* Whether Postfix gives up what it waits for before it is there; NULL if not. Heap. */
char *service_milters_wait_fault(const struct service_milters *milters,
				 enum milter_timeout timeout);

/* The protocol of one that leads to us, as Postfix writes it. Heap. */
char *service_milters_protocol(const struct service_milters *milters);

#endif
