/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl reasons: prints the table of reasons and classes.
 */
#ifndef CTL_COMMANDS_REASONS_H
#define CTL_COMMANDS_REASONS_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_reasons;

#endif
