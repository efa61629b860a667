/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Tasks for people: listing, showing, assigning; resolving is in ctl/commands/resolve.c.
 */
#ifndef CTL_COMMANDS_TASKS_H
#define CTL_COMMANDS_TASKS_H

#include "ctl/framework/command.h"

extern const struct ctl_command ctl_tasks;
extern const struct ctl_command ctl_task_show;
extern const struct ctl_command ctl_task_assign;
extern const struct ctl_command ctl_task_postpone;
extern const struct ctl_command ctl_task_note;
extern const struct ctl_command ctl_task_resolve;

/* Which tasks, and how the options bind to people_tasks. */
#define CTL_TASK_FILTERS                                                                           \
	{"kind", "KIND", "only hard_bounce, delivery_problem, outage ...", NULL},                  \
	    {"reason", "REASON", "only this reason", NULL},                                        \
	    {"domain", "DOMAIN", "only this remote domain", NULL},                                 \
	    {"process", "NAME", "only this process", NULL},                                        \
	    {"owner", "NAME", "only those of this person; \"\" for those of nobody", NULL},        \
	    {"mine", NULL, "only yours, by the name of your account", NULL},                       \
	    {"address", "TEXT", "only those whose address or domain contains this", NULL},         \
	    {"text", "TEXT", "only those with this in diagnosis, subject, reference or note",      \
	     NULL},                                                                                \
	    {"overdue", NULL, "only those beyond their due date", NULL},                           \
	    {"due", "WHEN", "only those due before then: 3d, tomorrow, a date", NULL},             \
	    {"since", "TIME", "only those made from then on: 24h, 7d, a date", NULL},              \
	{                                                                                          \
		"until", "TIME", "only those made before then", NULL                               \
	}
#define CTL_TASK_BINDS                                                                             \
	"owner kind address process all limit domain reason text overdue due since until sort"

/* --mine is --owner with one's own name. */
void ctl_tasks_settle(struct ctl_call *call);

#endif
