/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl params, params show | set | unset.
 */
#include "ctl/framework/command.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/operator_queries.h"

static const struct ctl_option list_options[] = {
    {.name = "process",
     .value = &value_process,
     .help = "the global values and those of this process"},
    {.name = "changed", .help = "only those that are not the default"},
    {0},
};

CTL_COMMAND(command_params) = {
    .name = "params",
    .topic = TOPIC_PARAMETERS,
    .arguments = {{&ctl_value_type_text, CTL_OPTIONAL}},
    .summary = "list the system parameters, or those whose name contains TEXT",
    .example = "params resend",
    .options = {list_options},
    .view = {.parameters = {"TEXT", "process", "changed"},
	     .sections = {{.name = "parameters",
			   .statement = &operator_queries_params,
			   .columns = {CTL_COLUMN("name"), CTL_COLUMN("process"),
				       CTL_COLUMN("value"), CTL_IF_ROOM("description"),
				       CTL_IF_ROOM("default_value")},
			   .empty = "no parameter"}}},
};

CTL_COMMAND(command_params_show) = {
    .name = "params show",
    .topic = TOPIC_PARAMETERS,
    .arguments = {{&value_parameter, CTL_ONE}},
    .summary = "show one parameter: what it does, its bounds, the values of processes, who "
	       "changed it",
    .example = "params show resend_factor",
    .view = {.parameters = {"NAME"},
	     .sections = {{.name = "parameter",
			   .statement = &operator_queries_param,
			   .layout = CTL_BLOCKS,
			   .empty = "there is no such parameter",
			   .is_required = true},
			  {.name = "processes", .statement = &operator_queries_param_processes},
			  {.name = "history", .statement = &operator_queries_param_log}}},
};

static const struct ctl_option set_options[] = {
    {.name = "process", .value = &value_process, .help = "for this process only"},
    {0},
};

CTL_COMMAND(command_params_set) = {
    .name = "params set",
    .topic = TOPIC_PARAMETERS,
    .arguments = {{&value_parameter, CTL_ONE},
		  {&(const struct ctl_value_type){.name = "VALUE"}, CTL_ONE}},
    .summary = "set a parameter; in force at once",
    .help = "A wrong value is refused, with the reason.\n",
    .example = "params set resend off --process newsletter",
    .options = {set_options},
    .view = {.parameters = {"NAME", "VALUE", "process"},
	     .sections = {{.name = "parameter",
			   .statement = &operator_queries_param_set,
			   .layout = CTL_SENTENCE,
			   .sentence = "{name} is now \"{value}\""}}},
};

static const struct ctl_option unset_options[] = {
    {.name = "process",
     .value = &value_process,
     .help = "the process whose value goes",
     .is_required = true},
    {0},
};

CTL_COMMAND(command_params_unset) = {
    .name = "params unset",
    .topic = TOPIC_PARAMETERS,
    .arguments = {{&value_parameter, CTL_ONE}},
    .summary = "remove a process's own value: the global one holds again",
    .example = "params unset resend --process newsletter",
    .options = {unset_options},
    .view = {.parameters = {"NAME", "process"},
	     .sections = {{.name = "parameter",
			   .statement = &operator_queries_param_unset,
			   .layout = CTL_SENTENCE,
			   .sentence = "{name} is the global one again for {process}"}}},
};
