/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The command line that the daemons have in common, and what --help says of it.
 */
#ifndef DAEMON_ARGUMENTS_H
#define DAEMON_ARGUMENTS_H

#include <stdbool.h>

#include <glib.h>

/* What differs from program to program. */
struct arguments_help {
	const char *purpose; /* a sentence: what the program does */
	const char *checked; /* what --check looks at: "configuration and database" */
	const char *once;    /* what --once does: "read what is there now"; NULL: not known */
	const char *signals; /* a sentence: what SIGTERM and SIGHUP do */
};

struct arguments {
	char *config; /* absolute: in the background the working directory is another */
	bool is_daemon;
	bool is_check;
	bool is_once;
};

/* Reads -c FILE, -d, --check, --once where it is known, -V and -h. Returns -1 to go on,
 * otherwise the exit status, after it printed what was asked for or what is wrong. Without -c the
 * configuration is the file of the program's name. Clear arguments_out in either case. */
int arguments_parse(int argc, char **argv, const char *program, const struct arguments_help *help,
		    struct arguments *arguments_out);
void arguments_clear(struct arguments *arguments);

typedef struct arguments arguments_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(arguments_t, arguments_clear)

#endif
