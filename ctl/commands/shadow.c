/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl shadow: what would have been done, had shadow mode been off.
 */
#include "ctl/framework/command.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/operator_queries.h"

static const struct ctl_option shadow_options[] = {
    {.name = "process", .value = &value_process, .help = "only this process"},
    {.name = "since", .value = &ctl_value_type_past, .help = "from then on: 24h, 7d, a date"},
    {0},
};

CTL_COMMAND(command_shadow) = {
    .name = "shadow",
    .topic = TOPIC_OVERVIEW,
    .summary = "list what would have been done, had shadow mode been off",
    .example = "shadow --process invoice",
    .options = {shadow_options, common_options_limit_200},
    .view = {.parameters = {"process", "since", "limit"},
	     .sections = {{.name = "shadow",
			   .statement = &operator_queries_shadow,
			   .columns = {CTL_COLUMN("bounce_id"), CTL_COLUMN("received_at"),
				       CTL_COLUMN("process"), CTL_COLUMN("address"),
				       CTL_COLUMN("class"), CTL_COLUMN("reason"),
				       CTL_COLUMN("trust"), CTL_COLUMN("would_block"),
				       CTL_COLUMN("would_resend"), CTL_COLUMN("would_make_task"),
				       CTL_COLUMN("would_follow_up"), CTL_COLUMN("consequence")},
			   .empty = "nothing was done in shadow mode"}}},
};
