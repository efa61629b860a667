/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl queue pause | resume: whether anything of a process is sent. A process is also paused
 * by itself when too many of its mails come back.
 */
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/queue_queries.h"

CTL_COMMAND(command_queue_pause) = {
    .name = "queue pause",
    .topic = TOPIC_QUEUE,
    .arguments = {{&value_process, CTL_ONE}},
    .summary = "send nothing of a process until it is resumed",
    .help =
	"What is being sent is finished. A process is paused automatically when the share of its\n"
	"mails that came back reaches pause_rate per cent.\n",
    .example = "queue pause newsletter --why 'wrong prices in it'",
    .options = {common_options_why},
    .view = {.parameters = {"NAME", "why"},
	     .sections = {{.name = "process",
			   .statement = &queue_pause,
			   .layout = CTL_SENTENCE,
			   .sentence = "{process} is paused",
			   .condition = "done",
			   .otherwise = "{process} was paused already"}}},
};

CTL_COMMAND(command_queue_resume) = {
    .name = "queue resume",
    .topic = TOPIC_QUEUE,
    .arguments = {{&value_process, CTL_ONE}},
    .summary = "send the mails of a paused process again, and close the task about it",
    .help = "Mails from before do not count in its bounce rate any more.\n",
    .example = "queue resume newsletter --why 'list cleaned'",
    .options = {common_options_why},
    .view = {.parameters = {"NAME", "why"},
	     .sections = {{.name = "process",
			   .statement = &queue_resume,
			   .layout = CTL_SENTENCE,
			   .sentence = "{process} is sent again",
			   .condition = "done",
			   .otherwise = "{process} was not paused"}}},
};
