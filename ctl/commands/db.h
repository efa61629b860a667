/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The database schema: creating, migrating, checking.
 */
#ifndef CTL_COMMANDS_DB_H
#define CTL_COMMANDS_DB_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_db_init;
extern const struct ctl_command ctl_db_migrate;
extern const struct ctl_command ctl_db_check;

#endif
