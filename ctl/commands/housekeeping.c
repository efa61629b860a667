/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl housekeeping, erase: what time or a person asks to be removed.
 */
#include "ctl/framework/command.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "db/operator_queries.h"

static const struct ctl_option housekeeping_options[] = {
    {.name = "batch",
     .value = &ctl_value_count,
     .help = "at most so many rows of each step",
     .default_value = "1000"},
    {0},
};

CTL_COMMAND(command_housekeeping) = {
    .name = "housekeeping",
    .topic = TOPIC_MAINTENANCE,
    .summary = "make the next months' partitions, erase what is too old; for a timer, every hour",
    .help = "Partitions that are too old are dropped, messages and words whose time is over are\n"
	    "erased: a step a line, with what it has done. Run it again while a step has done as\n"
	    "much as --batch allows.\n",
    .example = "housekeeping",
    .options = {housekeeping_options},
    .view = {.parameters = {"batch"},
	     .sections = {{.name = "housekeeping",
			   .statement = &operator_queries_housekeeping,
			   .columns = {CTL_COLUMN("step"), CTL_COLUMN("done")}}}},
};

static const struct ctl_option erase_options[] = {
    {.name = "person",
     .help = "the argument is a person's reference: erase all addresses of this person"},
    {0},
};

CTL_COMMAND(command_erase) = {
    .name = "erase",
    .topic = TOPIC_MAINTENANCE,
    .arguments = {{&(const struct ctl_value){.name = "ADDRESS|PERSON"}, CTL_ONE}},
    .summary = "erase the personal data of an address, or of a person; figures stay",
    .help = "Erased are the address itself, words, messages, its open tasks and its block.\n",
    .example = "erase jane@customer.example --why 'her wish'",
    .options = {erase_options, common_options_why},
    .view = {.parameters = {"ADDRESS|PERSON", "why", "person"},
	     .sections = {{.name = "erase",
			   .statement = &operator_queries_erase,
			   .layout = CTL_SENTENCE,
			   .sentence = "{name}: erased in {rows} recipients, reports and "
				       "blocks"}}},
};
