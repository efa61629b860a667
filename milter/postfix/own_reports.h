/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The reports of this Postfix: whether bounce, defer and trace hand them to us through a cleanup of
 * their own, which marks them, and marks nothing else.
 */
#ifndef MILTER_POSTFIX_OWN_REPORTS_H
#define MILTER_POSTFIX_OWN_REPORTS_H

#include <stdbool.h>

#include "intake/milter_settings.h"
#include "milter/postconf/postconf.h"

/* The parameter that marks them, by its value own_mta_daemon_name. */
#define OWN_REPORTS_MARK "milter_macro_daemon_name"

/* Prints a line of --check for each fault; true if there is none. */
bool own_reports_check(const struct postconf *postfix, const struct milter_settings *settings);

#endif
