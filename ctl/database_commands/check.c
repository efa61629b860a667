/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl check: the audit of the database: what was forgotten, and how to mend it.
 */
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/view.h"
#include "ctl/options/topics.h"
#include "db/people/operator_queries.h"

static const struct ctl_section faults = {
    .name = "faults",
    .columns = {CTL_COLUMN("fault"), CTL_COLUMN("count"), CTL_COLUMN("sample"),
		CTL_WRAPPED("mend")},
    .empty = "nothing was forgotten",
};

static enum ctl_exit_code run_check(struct ctl_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = ctl_connect_fetch(call, &operator_queries_audit, NULL, &error);

	if (!rows)
		return ctl_error_message_print(call, error);

	enum ctl_exit_code printed = ctl_view_print(call, &faults, rows, NULL);

	return printed == CTL_EXIT_OK && db_rows_count(rows) > 0 ? CTL_EXIT_FAULT : printed;
}

CTL_COMMAND(command_check) = {
    .name = "check",
    .topic = TOPIC_MAINTENANCE,
    .summary = "look for what was forgotten: exit with 1 when there is anything",
    .help = "Held blocks that nobody decides, outages without a task, bounces without task, block\n"
	    "and resend, tasks and follow-ups of what is done, leases of dead workers, claims\n"
	    "without end, letters to the operator that wait too long, events of the webhook that\n"
	    "wait for nothing: how many of each, one of them, and how to mend it.\n",
    .example = "check",
    .run = run_check,
};
