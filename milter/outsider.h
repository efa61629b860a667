/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Somebody who connects to our socket with the rights of another account and from its chroot,
 * as Postfix does. Only root can be that, so it starts before privileges are dropped.
 */
#ifndef MILTER_OUTSIDER_H
#define MILTER_OUTSIDER_H

enum { OUTSIDER_NOBODY = -1 };

/* As root, leaves a process behind that stays root until this one ends; not as root, does
 * nothing. Called once, before there is a second thread. */
void outsider_start(void);

/* Connects to the unix socket path as that account, with root as its root directory. 0, or why
 * not: an errno; OUTSIDER_NOBODY where nobody could try. */
int outsider_connect(const char *account, const char *root, const char *path);

#endif
