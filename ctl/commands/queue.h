/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The delivery queue: looking, sending again, holding, cancelling, figures.
 */
#ifndef CTL_COMMANDS_QUEUE_H
#define CTL_COMMANDS_QUEUE_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_queue_list;
extern const struct ctl_command ctl_queue_show;
extern const struct ctl_command ctl_queue_retry;
extern const struct ctl_command ctl_queue_hold;
extern const struct ctl_command ctl_queue_release;
extern const struct ctl_command ctl_queue_cancel;
extern const struct ctl_command ctl_queue_status;
extern const struct ctl_command ctl_queue_metrics;

#endif
