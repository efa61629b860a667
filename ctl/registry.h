/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The commands of bouncectl. Their list is made by the build from the files that define
 * them: see CTL_COMMAND in ctl/framework/command.h.
 */
#ifndef CTL_REGISTRY_H
#define CTL_REGISTRY_H

#include "ctl/framework/command.h"

extern const struct ctl_program registry_bouncectl;

#endif
