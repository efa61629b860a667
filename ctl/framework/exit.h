/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The exit statuses of bouncectl, from sysexits.h where it has one.
 */
#ifndef CTL_FRAMEWORK_EXIT_H
#define CTL_FRAMEWORK_EXIT_H

enum ctl_exit {
	CTL_EXIT_OK = 0,
	CTL_EXIT_FAULT = 1,   /* something is not as it should be: what, is on stderr */
	CTL_EXIT_USAGE = 64,  /* EX_USAGE */
	CTL_EXIT_OUTPUT = 74, /* EX_IOERR: standard output could not be written */
	CTL_EXIT_TEMPFAIL =
	    75, /* EX_TEMPFAIL: the database is away; the same call may succeed later */
	CTL_EXIT_CONFIG = 78, /* EX_CONFIG: a rule file is faulty */
};

#endif
