/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl tasks, task show | assign | postpone | note | resolve.
 */
#include "ctl/tasks.h"

#include <stdio.h>

#include "ctl/exit.h"
#include "ctl/view.h"
#include "db/people.h"

/* --- tasks --------------------------------------------------------------------- */

static const struct ctl_option list_options[] = {
    {"owner", "NAME", "only those of this person; \"\" for those of nobody", NULL},
    {"kind", "KIND", "only these: hard_bounce, delivery_problem, outage ...", NULL},
    {"address", "TEXT", "only those whose address or domain contains this", NULL},
    {"process", "NAME", "only those of this process", NULL},
    {"all", NULL, "closed ones too", NULL},
    {"limit", "N", "at most so many", "200"},
    {0},
};

static const struct ctl_view list_view = {
    .binds = "owner kind address process all limit",
    .sections = {{.name = "tasks",
		  .statement = &people_tasks,
		  .columns = "id kind count due_at owner? address reason correction? process? business_ref? diagnosis?",
		  .empty = "no open task"}},
};

const struct ctl_command ctl_tasks = {
    .name = "tasks",
    .arguments = "",
    .summary = "list the open tasks, the one due first at the top",
    .example = "tasks --kind hard_bounce --process invoice",
    .options = list_options,
    .run = ctl_view_run,
    .view = &list_view,
};

/* --- task show ------------------------------------------------------------------ */

static const struct ctl_view show_view = {
    .binds = "1",
    .sections = {{.name = "task",
		  .statement = &people_task,
		  .layout = CTL_BLOCKS,
		  .empty = "there is no such task",
		  .is_required = true},
		 {.name = "held", .statement = &people_task_held, .layout = CTL_TABLE},
		 {.name = "history", .statement = &people_task_story, .layout = CTL_TABLE}},
};

const struct ctl_command ctl_task_show = {
    .name = "task show",
    .arguments = "ID",
    .summary = "show one task: what it is about, what is held, who did what",
    .example = "task show 17",
    .run = ctl_view_run,
    .view = &show_view,
};

/* --- task assign, postpone, note ---------------------------------------------------- */

static const struct ctl_option assign_options[] = {
    {"to", "NAME", "the person", NULL},
    {"nobody", NULL, "give it back", NULL},
    {"note", "TEXT", "why", NULL},
    {0},
};

static const struct ctl_view assign_view = {
    .binds = "1 to note",
    .sections = {{.name = "task",
		  .statement = &people_task_assign,
		  .layout = CTL_SENTENCE,
		  .sentence = "task {id} is {owner}'s"}},
};

static const struct ctl_view give_back_view = {
    .binds = "1 - note",
    .sections = {{.name = "task",
		  .statement = &people_task_assign,
		  .layout = CTL_SENTENCE,
		  .sentence = "task {id} is nobody's"}},
};

static int run_assign(struct ctl_call *call)
{
	const char *to = ctl_option(call, "to");

	if ((to != NULL && *to != '\0') == ctl_flag(call, "nobody")) {
		fputs("bouncectl task assign: to whom? --to NAME or --nobody\n", stderr);
		return CTL_EXIT_USAGE;
	}
	return ctl_view_show(call, ctl_flag(call, "nobody") ? &give_back_view : &assign_view);
}

const struct ctl_command ctl_task_assign = {
    .name = "task assign",
    .arguments = "ID",
    .summary = "give a task to a person, or give it back",
    .example = "task assign 17 --to eva",
    .options = assign_options,
    .run = run_assign,
};

static const struct ctl_option postpone_options[] = {
    {"until", "WHEN", "a time, \"tomorrow\", \"2026-12-24 09:00\"", NULL},
    {"note", "TEXT", "why", NULL},
    {0},
};

static const struct ctl_view postpone_view = {
    .binds = "1 until note",
    .sections = {{.name = "task",
		  .statement = &people_task_postpone,
		  .layout = CTL_SENTENCE,
		  .sentence = "task {id} is due at {due_at}"}},
};

const struct ctl_command ctl_task_postpone = {
    .name = "task postpone",
    .arguments = "ID --until WHEN",
    .summary = "set a task's due date",
    .example = "task postpone 17 --until 3d",
    .options = postpone_options,
    .run = ctl_view_run,
    .view = &postpone_view,
};

static const struct ctl_view note_view = {
    .binds = "1 2",
    .sections =
	{{.name = "task", .statement = &people_task_note, .layout = CTL_SENTENCE, .sentence = "task {id}: noted"}},
};

const struct ctl_command ctl_task_note = {
    .name = "task note",
    .arguments = "ID TEXT",
    .summary = "write a note into a task's history",
    .example = "task note 17 'they call back'",
    .run = ctl_view_run,
    .view = &note_view,
};

/* --- task resolve -------------------------------------------------------------------- */

static const struct ctl_option resolve_options[] = {
    {"address", "ADDRESS", "this is the right address: every mail of the task is sent there", NULL},
    {"works", NULL, "the address works: lift its block, send its mails again", NULL},
    {"dead", NULL, "the address is dead: block it", NULL},
    {"outage", NULL, "an outage task: it was one; nothing is blocked, mails are sent again", NULL},
    {"no-outage", NULL, "an outage task: it was none; the held blocks are made", NULL},
    {"no-resend", NULL, "with --works or --outage: do not send anything again", NULL},
    {"note", "TEXT", "what is to be remembered; --works needs it", NULL},
    {0},
};

#define RESOLVE_VIEW(bind_list, statement_name, words)                                                                 \
	{                                                                                                              \
		.binds = bind_list,                                                                                    \
		.sections = {                                                                                          \
		    {.name = "task", .statement = &statement_name, .layout = CTL_SENTENCE, .sentence = words}},        \
	}

/* Each way to resolve a task has an option, and a statement of its own. */
static const struct {
	const char *option;
	struct ctl_view view;
} ways[] = {
    {"address", RESOLVE_VIEW("1 note address", people_task_corrected,
			     "task {id} is done: {resent} mails are sent again, to {address}")},
    {"works", RESOLVE_VIEW("1 note no-resend", people_task_unblocked,
			   "task {id} is done: the block is lifted, {resent} mails are sent again")},
    {"dead", RESOLVE_VIEW("1 note", people_task_dead, "task {id} is done: the address is blocked")},
    {"outage", RESOLVE_VIEW("1 note no-resend", people_task_outage_dismiss,
			    "task {id} is done: nothing was blocked, {resent} mails are sent again")},
    {"no-outage",
     RESOLVE_VIEW("1 note", people_task_outage_real, "task {id} is done: {blocked} addresses are blocked")},
};

static const struct ctl_view plain_resolve = RESOLVE_VIEW("1 note", people_task_resolve, "task {id} is done");

static int run_resolve(struct ctl_call *call)
{
	const struct ctl_view *view = &plain_resolve;

	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		if (!ctl_flag(call, ways[i].option))
			continue;
		if (view != &plain_resolve) {
			fputs("bouncectl task resolve: one way only\n", stderr);
			return CTL_EXIT_USAGE;
		}
		view = &ways[i].view;
	}
	return ctl_view_show(call, view);
}

const struct ctl_command ctl_task_resolve = {
    .name = "task resolve",
    .arguments = "ID",
    .summary = "close a task, and do what follows",
    .example = "task resolve 17 --works --note 'phoned them'",
    .help = "Without one of the ways below the task is closed and nothing else happens.\n",
    .options = resolve_options,
    .run = run_resolve,
};
