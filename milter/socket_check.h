/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether our socket can be opened, is not somebody else's, and lets Postfix in.
 */
#ifndef MILTER_SOCKET_CHECK_H
#define MILTER_SOCKET_CHECK_H

#include <stdbool.h>

#include "intake/milter_settings.h"

/* Prints a line of --check for each fault, or one that all is well. postfix_user is the account
 * that connects, "" where it is not known. */
bool socket_check(const struct milter_settings *settings, const char *postfix_user);

#endif
