/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether the Sendmail of this machine hands us every bounce, and keeps it while we are away: what
 * its sendmail.cf says. That file is made from sendmail.mc by m4, so faults name the line there.
 */
#ifndef MILTER_SENDMAIL_H
#define MILTER_SENDMAIL_H

#include <stdbool.h>

#include "intake/milter_settings.h"

#define SENDMAIL_CF "/etc/mail/sendmail.cf"

/* What is wrong in cf, the text of a sendmail.cf: char *, each with what to write; empty: nothing.
 * Release with g_ptr_array_unref. */
GPtrArray *sendmail_faults(const char *cf, const struct milter_settings *settings);

/* Whether only programs of this machine can connect to it, as Debian's own sendmail.mc has it. */
bool sendmail_is_loopback_only(const char *cf);

/* Prints a line of --check for each of them, or one that all is well. */
bool sendmail_check(const char *path, const struct milter_settings *settings);

#endif
