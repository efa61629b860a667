/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The command line that the daemons have in common.
 */
#ifndef DAEMON_ARGUMENTS_H
#define DAEMON_ARGUMENTS_H

#include <stdbool.h>

struct arguments {
	const char *config; /* preset by the caller */
	bool is_daemon;
	bool is_check;
	bool is_once;
	bool knows_once; /* preset by the caller */
};

/* Reads -c FILE, -d, --check, --once where it is known, -V and -h. Returns -1 to go on,
 * otherwise the exit status, after it printed what was asked for or what is wrong. */
int arguments_parse(int argc, char **argv, const char *program, const char *usage,
		    struct arguments *arguments);

#endif
