/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl: its commands, their topics, and its words for what the database says.
 */
#include "ctl/registry.h"

#include "commands.inc"
#include "ctl/options/topics.h"

static const char *const topics[] = {
    [TOPIC_OVERVIEW] = "What is going on",
    [TOPIC_TASKS] = "Tasks",
    [TOPIC_QUEUE] = "The delivery queue",
    [TOPIC_BLOCKS] = "Blocked addresses",
    [TOPIC_PARAMETERS] = "Parameters and processes",
    [TOPIC_CORRECTIONS] = "Corrections",
    [TOPIC_MAILS] = "Mails and rules",
    [TOPIC_MAINTENANCE] = "Maintenance",
    [TOPIC_SCHEMA] = "The schema",
    NULL,
};

static const struct ctl_wording wordings[] = {
    {"resolve_task_corrected", "--address"},
    {"resolve_task_unblocked", "--works"},
    {"resolve_task_arrived", "--arrived"},
    {"resolve_task_dead", "--dead"},
    {"SELECT bounce.confirm_outage(task, note) or bounce.dismiss_outage(task, note).",
     "--no-outage or --outage."},
    {"SELECT bounce.resume_process(process, why): that closes it.",
     "\"bouncectl queue resume\" closes it."},
    {"preview_block_import() shows", "\"bouncectl blocks import\" without --apply shows"},
    {"confirm_outage", "--no-outage"},
    {"dismiss_outage", "--outage"},
    {"resolve_task (", "without an option ("},
    {"resolve_task(task, note)", "\"bouncectl task resolve\" without an option"},
    {"(task, note)", ""},
    {"reopen_task(task, why)", "\"bouncectl task reopen\""},
    {"retry_communication(id)", "\"bouncectl queue retry\""},
    {"SELECT bounce.lift_block(address, why)", "bouncectl unblock"},
    {0},
};

const struct ctl_program registry_bouncectl = {
    .commands = commands,
    .topics = topics,
    .wordings = wordings,
};
