/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether Postfix takes mail for a bounce domain at all, and where it then leaves what we do not
 * take out of it.
 */
#ifndef MILTER_POSTFIX_DESTINATION_H
#define MILTER_POSTFIX_DESTINATION_H

#include <stdbool.h>

#include "milter/postfix/postconf.h"

/* Prints a line of --check for each fault; true if there is none. A table that cannot be asked is
 * a warning, and the domain may be in it. */
bool destination_check(const struct postconf *postfix, const char *const *domains);

#endif
