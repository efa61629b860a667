/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl tasks, task show | assign | postpone | note | resolve.
 */
#ifndef CTL_TASKS_H
#define CTL_TASKS_H

#include "ctl/command.h"

extern const struct ctl_command ctl_tasks;
extern const struct ctl_command ctl_task_show;
extern const struct ctl_command ctl_task_assign;
extern const struct ctl_command ctl_task_postpone;
extern const struct ctl_command ctl_task_note;
extern const struct ctl_command ctl_task_resolve;

#endif
