/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl blocks, block, unblock.
 */
#ifndef CTL_COMMANDS_BLOCKS_H
#define CTL_COMMANDS_BLOCKS_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_blocks;
extern const struct ctl_command ctl_block;
extern const struct ctl_command ctl_unblock;

#endif
