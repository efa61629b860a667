/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether the Sendmail of this machine hands us every bounce, and keeps it while we are away: what
 * its sendmail.cf and it itself say.
 */
#ifndef MILTER_SENDMAIL_SENDMAIL_CHECK_H
#define MILTER_SENDMAIL_SENDMAIL_CHECK_H

#include <stdbool.h>
#include <sys/types.h>

#include "intake/milter_settings.h"
#include "milter/sendmail/address_test.h"

/* Why other mail systems cannot connect to it, which may be intended: only programs of this machine
 * can, as Debian's own sendmail.mc has it, or nothing listens at port 25. NULL where they can. */
const char *sendmail_ports_warning(const char *cf);

/* The process that the PidFile of that sendmail.cf names; 0 if it is not there. */
pid_t sendmail_process(const char *path);

/* The account that it becomes after its start, by RunAsUser; "" where it stays root. Heap. */
char *sendmail_account(const char *path);

/* Prints a line of --check for each of them and for what Sendmail itself says of it, or one that
 * all is well. addresses: return paths of ours, one for each bounce domain; ends with NULL. */
bool sendmail_check(const char *path, const struct milter_settings *settings,
		    const char *const *addresses);

#endif
