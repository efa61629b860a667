/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What Sendmail itself says of its configuration: whether it starts with it, and whether it takes
 * bounces from other mail systems.
 */
#ifndef MILTER_SENDMAIL_PROGRAM_H
#define MILTER_SENDMAIL_PROGRAM_H

#include <stdbool.h>

/* Whether this machine has Sendmail, and not only the command of that name of another system. */
bool program_is_there(void);

/* Prints a line of --check for each fault. cf: the path of a sendmail.cf; addresses: return paths
 * of ours, one for each bounce domain; ends with NULL. True without a fault, and where there is no
 * Sendmail to ask. */
bool program_check(const char *cf, const char *const *addresses);

#endif
