/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl report, shadow: figures, and what would have been done.
 */
#include "ctl/commands/report.h"

#include "ctl/framework/view.h"
#include "db/operator_queries.h"

static const struct ctl_option report_options[] = {
    {"by", "DIMENSION",
     "class, reason, process, domain, remote_mta, rule, trust, hour, day, week or month", "class"},
    {"since", "TIME", "from then on: 24h, 7d, a date", "30d"},
    {"until", "TIME", "before then", NULL},
    {"limit", "N", "at most so many lines", "50"},
    {0},
};

static const struct ctl_view report_view = {
    .binds = "by since until limit",
    .sections = {{.name = "report",
		  .statement = &people_report,
		  .columns = "label hard? soft? technical? auto_reply? unclassified? total%",
		  .empty = "nothing came back in this time"}},
};

const struct ctl_command ctl_report = {
    .name = "report",
    .arguments = "",
    .summary = "count what came back, with a chart",
    .example = "report --by domain --since 7d",
    .options = report_options,
    .run = ctl_view_run,
    .view = &report_view,
};

static const struct ctl_option shadow_options[] = {
    {"process", "NAME", "only this process", NULL},
    {"since", "TIME", "from then on: 24h, 7d, a date", NULL},
    {"limit", "N", "at most so many", "200"},
    {0},
};

static const struct ctl_view shadow_view = {
    .binds = "process since limit",
    .sections =
	{{.name = "shadow",
	  .statement = &people_shadow,
	  .columns =
	      "bounce_id received_at process address class reason trust would_block would_resend "
	      "would_make_task would_follow_up consequence",
	  .empty = "nothing was done in shadow mode"}},
};

const struct ctl_command ctl_shadow = {
    .name = "shadow",
    .arguments = "",
    .summary = "list what would have been done, had shadow mode been off",
    .example = "shadow --process invoice",
    .options = shadow_options,
    .run = ctl_view_run,
    .view = &shadow_view,
};
