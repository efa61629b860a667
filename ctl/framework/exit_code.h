/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The exit codes of the program, from sysexits.h where it has one.
 */
#ifndef CTL_FRAMEWORK_EXIT_CODE_H
#define CTL_FRAMEWORK_EXIT_CODE_H

enum ctl_exit_code {
	CTL_EXIT_OK = 0,
	CTL_EXIT_FAULT = 1,     /* something is wrong or was refused: stderr says what */
	CTL_EXIT_USAGE = 64,    /* EX_USAGE */
	CTL_EXIT_OUTPUT = 74,   /* EX_IOERR: standard output could not be written */
	CTL_EXIT_TEMPFAIL = 75, /* EX_TEMPFAIL: no database; the same call may succeed later */
	CTL_EXIT_CONFIG = 78,   /* EX_CONFIG: a rule file is faulty */
};

#endif
