/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether our socket can be opened, is not somebody else's, and lets Postfix in.
 */
#ifndef MILTER_SOCKET_CHECK_H
#define MILTER_SOCKET_CHECK_H

#include <stdbool.h>

#include "intake/milter_settings.h"

/* Who connects. Borrowed. */
struct socket_client {
	const char *account; /* "" where there is no Postfix */
	const char *chroot;  /* from where it connects, besides from everywhere; "" for none */
};

/* Prints a line of --check for each fault, or one that all is well. As root, a unix socket is
 * tried with the client's rights. */
bool socket_check(const struct milter_settings *settings, const struct socket_client *client);

#endif
