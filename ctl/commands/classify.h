/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl classify: says of files what the milter would make of them. Needs
 * no database.
 */
#ifndef CTL_COMMANDS_CLASSIFY_H
#define CTL_COMMANDS_CLASSIFY_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_classify;

#endif
