/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether our socket can be opened, is not somebody else's, and lets the MTA in.
 */
#ifndef MILTER_SOCKET_CHECK_H
#define MILTER_SOCKET_CHECK_H

#include <stdbool.h>

#include "intake/milter_settings.h"
#include "milter/socket_rights.h"

/* Prints a line of --check for each fault, or one that all is well. As root, a unix socket is
 * tried with the client's rights. */
bool socket_check(const struct milter_settings *settings, const struct socket_client *client);

#endif
