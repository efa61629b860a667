/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl classify: says of files what the milter would make of them. Needs
 * no database.
 */
#ifndef CTL_CLASSIFY_H
#define CTL_CLASSIFY_H

/* argv[0] is "classify". The exit status: 0, 1 if a file could not be read,
 * 64 for a usage error, 78 for faulty rules. */
int ctl_classify(int argc, char **argv);

#endif
