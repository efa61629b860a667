/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl show, bounces, bounce show: what happened to a communication, and
 */
#ifndef CTL_COMMANDS_SHOW_H
#define CTL_COMMANDS_SHOW_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_show;
int ctl_show_run(struct ctl_call *call);
extern const struct ctl_command ctl_bounces;
extern const struct ctl_command ctl_bounce_show;

#endif
