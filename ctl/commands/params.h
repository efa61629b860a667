/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl params, params show | set | unset.
 */
#ifndef CTL_COMMANDS_PARAMS_H
#define CTL_COMMANDS_PARAMS_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_params;
extern const struct ctl_command ctl_params_show;
extern const struct ctl_command ctl_params_set;
extern const struct ctl_command ctl_params_unset;

#endif
