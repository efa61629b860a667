/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl status: what is waiting, and what is not as it usually is.
 */
#ifndef CTL_COMMANDS_STATUS_H
#define CTL_COMMANDS_STATUS_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_status;

#endif
