/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether Postfix hands us every bounce, keeps it while we are away, and marks its own
 * reports, and nothing else, as its own.
 */
#ifndef MILTER_POSTFIX_POSTFIX_CHECK_H
#define MILTER_POSTFIX_POSTFIX_CHECK_H

#include <stdbool.h>

#include "intake/milter_settings.h"
#include "milter/postconf/postconf.h"

/* Prints a line of --check for each fault, or one that all is well. */
/* addresses: one of each bounce domain; empty where they are not known. */
bool postfix_check(const struct postconf *postfix, const struct milter_settings *settings,
		   const char *const *addresses);

#endif
