/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether the Sendmail of this machine hands us every bounce, and keeps it while we are away: what
 * its sendmail.cf and it itself say.
 */
#ifndef MILTER_SENDMAIL_SENDMAIL_H
#define MILTER_SENDMAIL_SENDMAIL_H

#include <stdbool.h>

#include "intake/milter_settings.h"

#define SENDMAIL_CF "/etc/mail/sendmail.cf"

/* Whether only programs of this machine can connect to it, as Debian's own sendmail.mc has it. */
bool sendmail_is_loopback_only(const char *cf);

/* Whether the process that its PidFile names is there. */
bool sendmail_is_running(const char *path);

/* Prints a line of --check for each of them and for what Sendmail itself says of it, or one that
 * all is well. addresses: return paths of ours, one for each bounce domain; ends with NULL. */
bool sendmail_check(const char *path, const struct milter_settings *settings,
		    const char *const *addresses);

#endif
