/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl intake.
 */
#ifndef CTL_COMMANDS_INTAKE_H
#define CTL_COMMANDS_INTAKE_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_intake;

#endif
