/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The commands there are.
 */
#include "ctl/commands/blocks.h"
#include "ctl/commands/classify.h"
#include "ctl/commands/correct.h"
#include "ctl/commands/db.h"
#include "ctl/commands/intake.h"
#include "ctl/commands/maintenance.h"
#include "ctl/commands/params.h"
#include "ctl/commands/queue.h"
#include "ctl/commands/reasons.h"
#include "ctl/commands/report.h"
#include "ctl/commands/rules.h"
#include "ctl/commands/show.h"
#include "ctl/commands/status.h"
#include "ctl/commands/tasks.h"
#include "ctl/commands/undo.h"
#include "ctl/framework/command.h"

const struct ctl_command *const ctl_commands[] = {
    &ctl_status,        &ctl_tasks,        &ctl_task_show,     &ctl_task_assign,
    &ctl_task_postpone, &ctl_task_note,    &ctl_task_resolve,  &ctl_blocks,
    &ctl_block,         &ctl_unblock,      &ctl_params,        &ctl_params_show,
    &ctl_params_set,    &ctl_params_unset, &ctl_show,          &ctl_bounces,
    &ctl_bounce_show,   &ctl_reclassify,   &ctl_replay,        &ctl_undo,
    &ctl_report,        &ctl_shadow,       &ctl_housekeeping,  &ctl_erase,
    &ctl_keys,          &ctl_keys_rotate,  &ctl_intake,        &ctl_queue_list,
    &ctl_queue_show,    &ctl_queue_retry,  &ctl_queue_hold,    &ctl_queue_release,
    &ctl_queue_cancel,  &ctl_queue_status, &ctl_queue_metrics, &ctl_classify,
    &ctl_rules_check,   &ctl_rules_test,   &ctl_rules_list,    &ctl_reasons,
    &ctl_db_init,       &ctl_db_migrate,   &ctl_db_check,      NULL,
};
