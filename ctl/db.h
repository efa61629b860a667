/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl db: the schema's life.
 */
#ifndef CTL_DB_H
#define CTL_DB_H

/* argv[0] is the command's name. Returns the exit status. */
int ctl_db(int argc, char **argv);

#endif
