/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether a return path leaves Postfix as it came: a bounce goes to what became of it.
 */
#ifndef MILTER_POSTFIX_REWRITING_H
#define MILTER_POSTFIX_REWRITING_H

#include <stdbool.h>

#include "milter/postconf/postconf.h"

/* addresses: one of each bounce domain. Prints a line of --check for each fault; true if there is
 * none. */
bool rewriting_check(const struct postconf *postfix, const char *const *addresses);

#endif
