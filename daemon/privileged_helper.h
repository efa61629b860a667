/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What only root can try for --check: to connect to our socket with the rights of another account
 * and from its chroot, as Postfix does, and to run a command that reads what our account may not.
 */
#ifndef DAEMON_PRIVILEGED_HELPER_H
#define DAEMON_PRIVILEGED_HELPER_H

enum {
	PRIVILEGED_HELPER_NOBODY = -1,
	PRIVILEGED_HELPER_INPUT_MAX = 4096, /* bytes, with the NUL */
};

/* As root, leaves a process behind that stays root until this one ends. Called once, before there
 * is a second thread. command: the only one that is run, an absolute path and arguments, which live
 * as long; NULL for none. */
void privileged_helper_start(const char *const *command);

/* Connects to the unix socket path as that account, with root as its root directory. 0, or why
 * not: an errno; PRIVILEGED_HELPER_NOBODY where nobody could try. */
int privileged_helper_connect(const char *account, const char *root, const char *path);

/* What the command prints when it reads that input: as root, or else with our rights. "" if there
 * is none, or it cannot be run. Heap. */
char *privileged_helper_run(const char *input);

#endif
