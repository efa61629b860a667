/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl report: counts of what came back.
 */
#include "ctl/framework/command.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/operator_queries.h"

static const char *const dimensions[] = {"class",      "reason", "process", "domain",
					 "remote_mta", "rule",   "trust",   "hour",
					 "day",        "week",   "month",   NULL};
static const struct ctl_value_type value_dimension = {
    .name = "DIMENSION", .kind = CTL_VALUE_TYPE_WORD, .words = dimensions};

static const struct ctl_option report_options[] = {
    {.name = "by", .value = &value_dimension, .help = "what to count by", .default_value = "class"},
    {.name = "process", .value = &value_process, .help = "only this process"},
    {0},
};

CTL_COMMAND(command_report) = {
    .name = "report",
    .topic = TOPIC_OVERVIEW,
    .summary = "count what came back, with a chart and its rate",
    .help = "RATE is FAILED in per cent of SENT, the mails sent in this time: of this process,\n"
	    "domain or week, and for other dimensions of all. FAILED are the hard, soft and\n"
	    "technical ones about mails of ours. What fits none, or only knows an address, may be\n"
	    "a stranger's word and is not among them; nor are test addresses.\n"
	    "What was taken back by \"undo\" is left out, and counted as TAKEN BACK. What is no\n"
	    "failure, such as a report of a delay or of success, is a notice.\n",
    .example = "report --by domain --since 7d",
    .options = {report_options, common_options_month, common_options_limit_50},
    .view = {.parameters = {"by", "since", "until", "process", "limit"},
	     .sections = {{.name = "report",
			   .statement = &operator_queries_report,
			   .columns = {CTL_COLUMN("label"), CTL_IF_ROOM("hard"),
				       CTL_IF_ROOM("soft"), CTL_IF_ROOM("technical"),
				       CTL_IF_ROOM("auto_reply"), CTL_IF_ROOM("unclassified"),
				       CTL_IF_ROOM("notices"), CTL_IF_ROOM("taken_back"),
				       CTL_IF_ROOM("failed"), CTL_IF_ROOM("sent"),
				       CTL_IF_ROOM("rate"), CTL_BAR("total")},
			   .empty = "nothing came back in this time"}}},
};
