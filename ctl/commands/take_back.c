/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl task reopen, recipient add, recipient change, recipient revert: what a person did is
 * taken back, and what was wrong about the recipients of a mail is set right.
 */
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/operator_queries.h"

CTL_COMMAND(command_task_reopen) = {
    .name = "task reopen",
    .topic = TOPIC_TASKS,
    .arguments = {{&value_task, CTL_ONE_OR_MORE}},
    .summary = "open closed tasks again, and take back what resolving them has done",
    .help = "Blocks that it made are lifted, those it lifted are made again; mails wait as they\n"
	    "did before, and another address is withdrawn. What has been sent since stays sent,\n"
	    "and is counted.\n",
    .example = "task reopen 17 --why 'the wrong one'",
    .options = {common_options_why},
    .each = {.section = {.statement = &operator_queries_task_reopen,
			 .sentence = "task {id} is open again: {about}"
				     "{restored|, # mail as before|, # mails as before|}",
			 .condition = "is_whole",
			 .otherwise = "task {id} is open again: {about}, {restored|mail|mails} as "
				      "before, {sent|mail|mails} sent since",
			 .empty = "there is no such task"},
	     .parameters = {"ID", "why"}},
};

CTL_COMMAND(command_recipient_add) = {
    .name = "recipient add",
    .topic = TOPIC_CORRECTIONS,
    .arguments = {{&value_communication, CTL_ONE}, {&value_address, CTL_ONE}},
    .summary = "send a mail to one more address",
    .help = "COMMUNICATION is said as to \"queue retry\".\n",
    .example = "recipient add 4711 jane@customer.example --why 'she asked for it'",
    .options = {common_options_why},
    .view = {.parameters = {"COMMUNICATION", "ADDRESS", "why"},
	     .sections = {{.name = "recipient",
			   .statement = &operator_queries_recipient_add,
			   .layout = CTL_SENTENCE,
			   .sentence = "communication {id} is sent to {address}",
			   .condition = "is_new",
			   .otherwise = "{address} is a recipient of communication {id} already"}}},
};

static const struct ctl_option change_options[] = {
    {.name = "to",
     .value = &value_address,
     .help = "the address it is sent to instead",
     .is_required = true},
    {0},
};

CTL_COMMAND(command_recipient_change) = {
    .name = "recipient change",
    .topic = TOPIC_CORRECTIONS,
    .arguments = {{&value_communication, CTL_ONE}, {&value_address, CTL_ONE}},
    .summary = "send a mail to another address instead; the old one stays in the story",
    .help = "COMMUNICATION is said as to \"queue retry\". ADDRESS is the recipient there is.\n",
    .example = "recipient change 4711 jane@custmer.example --to jane@customer.example --why typo",
    .options = {change_options, common_options_why},
    .view = {.parameters = {"COMMUNICATION", "ADDRESS", "to", "why"},
	     .sections = {{.name = "recipient",
			   .statement = &operator_queries_recipient_change,
			   .layout = CTL_SENTENCE,
			   .sentence = "communication {id} is sent to {address} instead of "
				       "{old_address}",
			   .condition = "is_new",
			   .otherwise = "{address} is a recipient of communication {id} already, "
					"{old_address} is none any more"}}},
};

CTL_COMMAND(command_recipient_revert) = {
    .name = "recipient revert",
    .topic = TOPIC_CORRECTIONS,
    .arguments = {{&value_communication, CTL_ONE}, {&value_address, CTL_ONE}},
    .summary = "take back that a mail is sent to ADDRESS, as long as it waits",
    .help = "COMMUNICATION is said as to \"queue retry\". A recipient that was added is none any\n"
	    "more, one that was changed is the old one again, and a task that this had closed is\n"
	    "open; one to whom a person had it sent again is as before. Where the new address was\n"
	    "a recipient already, ADDRESS is the old one.\n",
    .example = "recipient revert 4711 jane@customer.example --why 'the other Jane'",
    .options = {common_options_why},
    .view = {.parameters = {"COMMUNICATION", "ADDRESS", "why"},
	     .sections = {{.name = "recipient",
			   .statement = &operator_queries_resend_withdraw,
			   .layout = CTL_SENTENCE,
			   .sentence = "{address}, communication {id}: all is as it was before",
			   .condition = "is_done",
			   .otherwise = "nothing of {address} is to be taken back, or it was sent "
					"since"}}},
};
