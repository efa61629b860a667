/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl housekeeping, erase, keys, keys rotate.
 */
#ifndef CTL_COMMANDS_MAINTENANCE_H
#define CTL_COMMANDS_MAINTENANCE_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_housekeeping;
extern const struct ctl_command ctl_erase;
extern const struct ctl_command ctl_keys;
extern const struct ctl_command ctl_keys_rotate;

#endif
