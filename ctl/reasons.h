/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl reasons: prints the table of reasons and classes.
 */
#ifndef CTL_REASONS_H
#define CTL_REASONS_H

/* argv[0] is "reasons". The exit status: 0, or 64 for a usage error. */
int ctl_reasons(int argc, char **argv);

#endif
