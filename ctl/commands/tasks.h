/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which tasks: what "tasks" and "task resolve" have in common.
 */
#ifndef CTL_COMMANDS_TASKS_H
#define CTL_COMMANDS_TASKS_H

#include "ctl/framework/call.h"

/* --kind, --reason, --domain, --process, --owner, --mine, --text. */
extern const struct ctl_option tasks_filter_options[];

/* --mine is --owner with one's own name. */
void tasks_resolve_mine(struct ctl_call *call);

#endif
