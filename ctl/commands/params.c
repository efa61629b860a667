/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl params, params show | set | unset.
 */
#include "ctl/commands/params.h"

#include "ctl/framework/view.h"
#include "db/operator_queries.h"

static const struct ctl_option list_options[] = {
    {"process", "NAME", "the global values and those of this process", NULL},
    {"changed", NULL, "only those that are not the default", NULL},
    {0},
};

static const struct ctl_view list_view = {
    .binds = "1 process changed",
    .sections = {{.name = "parameters",
		  .statement = &people_params,
		  .columns = "name process value description? default_value?",
		  .empty = "no parameter"}},
};

const struct ctl_command ctl_params = {
    .name = "params",
    .arguments = "[TEXT]",
    .summary = "list the system parameters, or those whose name contains TEXT",
    .example = "params resend",
    .options = list_options,
    .run = ctl_view_run,
    .view = &list_view,
};

static const struct ctl_view show_view = {
    .binds = "1",
    .sections = {{.name = "parameter",
		  .statement = &people_param,
		  .layout = CTL_BLOCKS,
		  .empty = "there is no such parameter",
		  .is_required = true},
		 {.name = "processes", .statement = &people_param_processes, .layout = CTL_TABLE},
		 {.name = "history", .statement = &people_param_log, .layout = CTL_TABLE}},
};

const struct ctl_command ctl_params_show = {
    .name = "params show",
    .arguments = "NAME",
    .summary = "show one parameter: what it does, its bounds, who changed it",
    .example = "params show resend_factor",
    .run = ctl_view_run,
    .view = &show_view,
};

static const struct ctl_option set_options[] = {
    {"process", "NAME", "for this process only", NULL},
    {0},
};

static const struct ctl_view set_view = {
    .binds = "1 2 process",
    .sections = {{.name = "parameter",
		  .statement = &people_param_set,
		  .layout = CTL_SENTENCE,
		  .sentence = "{name} is now \"{value}\""}},
};

const struct ctl_command ctl_params_set = {
    .name = "params set",
    .arguments = "NAME VALUE",
    .summary = "set a parameter; in force at once",
    .example = "params set resend off --process newsletter",
    .options = set_options,
    .run = ctl_view_run,
    .view = &set_view,
};

static const struct ctl_view unset_view = {
    .binds = "1 process",
    .sections = {{.name = "parameter",
		  .statement = &people_param_unset,
		  .layout = CTL_SENTENCE,
		  .sentence = "{name} is the global one again for {process}"}},
};

const struct ctl_command ctl_params_unset = {
    .name = "params unset",
    .arguments = "NAME --process NAME",
    .summary = "take a process's own value away",
    .example = "params unset resend --process newsletter",
    .options = set_options,
    .run = ctl_view_run,
    .view = &unset_view,
};
