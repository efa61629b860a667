/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl reclassify, replay.
 */
#ifndef CTL_COMMANDS_CORRECT_H
#define CTL_COMMANDS_CORRECT_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_reclassify;
extern const struct ctl_command ctl_replay;

#endif
