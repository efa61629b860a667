/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Commands as data: what a command is called, what it takes, what it says of
 * itself. Parsing, --help and tab completion are made from it.
 */
#ifndef CTL_FRAMEWORK_COMMAND_H
#define CTL_FRAMEWORK_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

struct ctl_call;

struct ctl_option {
	const char *name;          /* without the two dashes; NULL ends a list */
	const char *argument;      /* the kind it takes, see ctl/framework/value.h; NULL: nothing;
				      "X...": may be repeated */
	const char *help;          /* one line */
	const char *default_value; /* NULL: none */
};

struct ctl_command {
	const char *name; /* one word or two: "task show" */
	/* "ID [NAME] --why TEXT", "FILE...": kinds as of options; an option here must be given */
	const char *arguments;
	const char *summary; /* one line, lower case, no full stop */
	const char *help;    /* whole lines with what else there is to know, or NULL */
	const char *example; /* a line that is right, without "bouncectl" */
	const struct ctl_option *options;
	bool is_offline;  /* asks no database: --config and --conninfo are not known */
	int usage_status; /* of a call that is not understood; 0: CTL_EXIT_USAGE */
	int (*run)(struct ctl_call *call); /* the exit status */
	const struct ctl_view *view;       /* for ctl_view_run */
};

/* A command line that was understood. */
struct ctl_call {
	const struct ctl_command *command;
	GHashTable *values;   /* option name -> char *; "true" for a flag */
	GPtrArray *arguments; /* char * */
};

/* Every command, in the order of the help; ended by NULL. */
extern const struct ctl_command *const ctl_commands[];

/* The command whose one or two words argv begins with, and how many these are; NULL if there is
 * none. */
const struct ctl_command *ctl_command_find(int argc, char *const *argv, int *words_out);

/* Parses what follows the command's words. NULL when the answer was given
 * already: *status_out is then the exit status (--help: 0; usage, said on stderr:
 * the command's usage_status). Free with ctl_call_free. */
struct ctl_call *ctl_call_parse(const struct ctl_command *command, int argc, char *const *argv,
				int *status_out);
void ctl_call_free(struct ctl_call *call);

/* NULL when it was not given and has no default. */
const char *ctl_option(const struct ctl_call *call, const char *name);
bool ctl_flag(const struct ctl_call *call, const char *name);
/* The argument of that number, from 1; NULL when there are fewer. */
const char *ctl_argument(const struct ctl_call *call, unsigned number);

/* The options that every command takes: those of commands that ask the database,
 * and those of the others; ended by a name NULL. */
const struct ctl_option *ctl_common_options(const struct ctl_command *command);

/* The option of that name, without its dashes; NULL if there is none. */
const struct ctl_option *ctl_option_find(const struct ctl_command *command, const char *name);

/* Says "bouncectl COMMAND: ..." and the usage on stderr. The command's usage_status. */
int ctl_refuse(const struct ctl_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

typedef struct ctl_call ctl_call_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ctl_call_t, ctl_call_free)

#endif
