/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether Postfix takes mail for a bounce domain at all, every return path in it, and where it then
 * leaves what we do not take out of it.
 */
#ifndef MILTER_POSTFIX_DESTINATION_H
#define MILTER_POSTFIX_DESTINATION_H

#include <stdbool.h>

#include "milter/postconf/postconf.h"

/* addresses: one of each bounce domain, as a bounce is sent to. Prints a line of --check for each
 * fault; true if there is none. A table that cannot be asked is a warning, and the domain may be
 * in it. */
bool destination_check(const struct postconf *postfix, const char *const *addresses);

/* Whether the address is one that reject_unlisted_recipient refuses. */
bool destination_is_unlisted(const struct postconf *postfix, const char *address);

#endif
