/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl report, shadow: figures, and what would have been done.
 */
#ifndef CTL_COMMANDS_REPORT_H
#define CTL_COMMANDS_REPORT_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_report;
extern const struct ctl_command ctl_shadow;

#endif
