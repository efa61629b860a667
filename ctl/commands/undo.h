/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl undo: takes back what followed from many bounces, in one
 */
#ifndef CTL_COMMANDS_UNDO_H
#define CTL_COMMANDS_UNDO_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_undo;

#endif
