/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Why an account cannot connect to our unix socket, as far as modes and owners say it.
 */
#ifndef MILTER_SOCKET_RIGHTS_H
#define MILTER_SOCKET_RIGHTS_H

#include "intake/milter_settings.h"

/* Who connects. Borrowed. */
struct socket_client {
	const char *mta;     /* its name, for people */
	const char *account; /* "" where there is no MTA, or it connects as root */
	const char *chroot;  /* from where it connects, besides from everywhere; "" for none */
};

/* What is wrong with the rights of the socket, as it is or as it will be, and what to do; NULL if
 * nothing is to be seen. path is absolute. Heap. */
char *socket_rights_fault(const struct milter_settings *settings, const char *path,
			  const struct socket_client *client);

#endif
