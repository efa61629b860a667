/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The database schema: creating, migrating, checking.
 */
#ifndef CTL_DB_H
#define CTL_DB_H

#include "ctl/command.h"

extern const struct ctl_command ctl_db_init;
extern const struct ctl_command ctl_db_migrate;
extern const struct ctl_command ctl_db_check;

#endif
