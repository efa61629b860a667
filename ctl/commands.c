/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The commands there are.
 */
#include "ctl/blocks.h"
#include "ctl/care.h"
#include "ctl/classify.h"
#include "ctl/command.h"
#include "ctl/correct.h"
#include "ctl/db.h"
#include "ctl/intake.h"
#include "ctl/params.h"
#include "ctl/queue.h"
#include "ctl/reasons.h"
#include "ctl/report.h"
#include "ctl/rules.h"
#include "ctl/show.h"
#include "ctl/status.h"
#include "ctl/tasks.h"
#include "ctl/undo.h"

/* These parse for themselves; their options are here for completion. */
static const struct ctl_option classify_options[] = {{.name = "json"}, {.name = "explain"}, {.name = "rules"},
						     {.name = "site"}, {.name = "help"},    {0}};
static const struct ctl_option queue_options[] = {{.name = "process"},   {.name = "state"},  {.name = "ref"},
						  {.name = "recipient"}, {.name = "domain"}, {.name = "limit"},
						  {.name = "all"},       {.name = "json"},   {.name = "config"},
						  {.name = "conninfo"},  {.name = "help"},   {0}};
static const struct ctl_option rules_options[] = {{.name = "rules"}, {.name = "site"}, {.name = "help"}, {0}};
static const struct ctl_option db_options[] = {{.name = "config"}, {.name = "conninfo"}, {.name = "help"}, {0}};
static const struct ctl_option reasons_options[] = {{.name = "json"}, {.name = "help"}, {0}};

static const struct ctl_command classify_command = {
    .name = "classify",
    .arguments = "FILE...",
    .summary = "say what mails are: class, reason and recipient of each bounce",
    .options = classify_options,
    .main = ctl_classify,
};
static const struct ctl_command db_command = {
    .name = "db",
    .arguments = "init|migrate|check",
    .summary = "create, migrate or check the database schema",
    .options = db_options,
    .main = ctl_db,
};
static const struct ctl_command reasons_command = {
    .name = "reasons",
    .arguments = "",
    .summary = "list the reasons and the class of each",
    .options = reasons_options,
    .main = ctl_reasons,
};

static const struct ctl_command queue_command = {
    .name = "queue",
    .arguments = "list|show|retry|hold|release|cancel|metrics",
    .summary = "look at the delivery queue, and act on it",
    .options = queue_options,
    .main = ctl_queue,
};

static const struct ctl_command rules_command = {
    .name = "rules",
    .arguments = "check|test|list",
    .summary = "hold the rules against their own examples",
    .options = rules_options,
    .main = ctl_rules,
};

const struct ctl_command *const ctl_commands[] = {
    &ctl_status,       &ctl_tasks,        &ctl_task_show, &ctl_task_assign, &ctl_task_postpone, &ctl_task_note,
    &ctl_task_resolve, &ctl_blocks,       &ctl_block,     &ctl_unblock,     &ctl_params,        &ctl_params_show,
    &ctl_params_set,   &ctl_params_unset, &ctl_show,      &ctl_bounces,     &ctl_bounce_show,   &ctl_reclassify,
    &ctl_replay,       &ctl_undo,         &ctl_report,    &ctl_shadow,      &ctl_housekeeping,  &ctl_erase,
    &ctl_keys,         &ctl_keys_rotate,  &ctl_intake,    &queue_command,   &classify_command,  &rules_command,
    &reasons_command,  &db_command,       NULL,
};
