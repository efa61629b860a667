/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What Sendmail itself says of its sendmail.cf, asked by sendmail -bt, the address test mode:
 * whether it starts with it, and whether it takes bounces from other mail systems.
 */
#ifndef MILTER_SENDMAIL_ADDRESS_TEST_H
#define MILTER_SENDMAIL_ADDRESS_TEST_H

#include <stdbool.h>

#define SENDMAIL_CF "/etc/mail/sendmail.cf"

/* Whether this machine has Sendmail, and not only the command of that name of another system. */
bool address_test_has_sendmail(void);

/* The command that asks it, for privileged_helper_start(): its maps are closed to others. NULL
 * where there is no Sendmail. Ends with NULL. */
const char *const *address_test_command(void);

/* Prints a line of --check for each fault. path, lines: the sendmail.cf; addresses: return paths
 * of ours, one for each bounce domain; ends with NULL. True without a fault, and where there is no
 * Sendmail to ask. */
bool address_test_check(const char *path, char *const *lines, const char *const *addresses);

#endif
