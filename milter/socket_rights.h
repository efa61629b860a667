/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Why an account cannot connect to our unix socket, as far as modes and owners say it.
 */
#ifndef MILTER_SOCKET_RIGHTS_H
#define MILTER_SOCKET_RIGHTS_H

#include "intake/milter_settings.h"

/* What is wrong with the rights of the socket, as it is or as it will be, and what to do; NULL if
 * nothing is to be seen. path is absolute. Heap. */
char *socket_rights_fault(const struct milter_settings *settings, const char *path,
			  const char *user);

#endif
