/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Commands as data: what a command is called, what it takes, what it says about itself
 * and, for most, what it asks the database and how the answer is shown. Parsing, --help,
 * shell completion and the manual are made from this.
 */
#ifndef CTL_FRAMEWORK_COMMAND_H
#define CTL_FRAMEWORK_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "ctl/framework/exit_code.h"
#include "ctl/framework/value_type.h"
#include "db/rows.h"

struct ctl_call;

/* --- what a command takes -------------------------------------------------------- */

enum ctl_arity {
	CTL_ONE,         /* must be there */
	CTL_OPTIONAL,    /* one or none */
	CTL_ONE_OR_MORE, /* only as the last; "-" stands for standard input */
	CTL_ANY_NUMBER,  /* likewise, or none */
};

struct ctl_argument {
	const struct ctl_value_type *value;
	enum ctl_arity arity;
};

struct ctl_option {
	const char *name;                   /* without the two dashes; NULL ends a list */
	const struct ctl_value_type *value; /* NULL: a flag */
	const char *help;                   /* one line */
	const char *default_value;          /* NULL: none */
	bool is_required;
	bool is_repeatable; /* all of its values count, not only the last */
};

/* --- what it shows ----------------------------------------------------------------- */

/* How a column of the answer is shown to people. JSON has all columns. */
enum ctl_show {
	CTL_SHOW,         /* cut where the terminal is too narrow */
	CTL_SHOW_IF_ROOM, /* dropped where that is not enough; numbers also where all are 0 */
	CTL_SHOW_WHOLE,   /* never cut */
	CTL_SHOW_WRAPPED, /* continues on the next line; only as the last column */
	CTL_SHOW_BAR,     /* a number with a bar beside it */
};

struct ctl_column {
	const char *name;
	enum ctl_show show;
};
/* Initialisers of struct ctl_column. */
#define CTL_COLUMN(name)                                                                           \
	{                                                                                          \
		name, CTL_SHOW                                                                     \
	}
#define CTL_IF_ROOM(name)                                                                          \
	{                                                                                          \
		name, CTL_SHOW_IF_ROOM                                                             \
	}
#define CTL_WHOLE(name)                                                                            \
	{                                                                                          \
		name, CTL_SHOW_WHOLE                                                               \
	}
#define CTL_WRAPPED(name)                                                                          \
	{                                                                                          \
		name, CTL_SHOW_WRAPPED                                                             \
	}
#define CTL_BAR(name)                                                                              \
	{                                                                                          \
		name, CTL_SHOW_BAR                                                                 \
	}

enum ctl_layout {
	CTL_TABLE,    /* all rows */
	CTL_BLOCKS,   /* a row as "name  value" lines */
	CTL_SENTENCE, /* the first row in words */
};

enum { CTL_COLUMNS_MAX = 15, CTL_PARAMETERS_MAX = 15, CTL_SECTIONS_MAX = 6 };

/* One statement and how its rows are shown. */
struct ctl_section {
	const char *name; /* in JSON, and as a title from the second section on */
	const struct db_statement *statement;
	enum ctl_layout layout;
	struct ctl_column columns[CTL_COLUMNS_MAX + 1]; /* in order; none: all of the answer */
	const char *sentence;                           /* CTL_SENTENCE: as ctl_row_text_sentence */
	const char *condition; /* a boolean column: where it is false, otherwise is said instead */
	const char *otherwise;
	const char *empty; /* said when there is no row */
	bool is_required;  /* no row is a fault: nothing further is shown */
};

struct ctl_view {
	/* Where the parameters of the statements come from, in order: the names of options and
	 * arguments. Each statement takes as many as it needs. */
	const char *parameters[CTL_PARAMETERS_MAX + 1];
	struct ctl_section sections[CTL_SECTIONS_MAX + 1]; /* ended by a name NULL */
};

/* The same for one id after the other: see ctl/framework/each_id.h. */
struct ctl_each_id {
	struct ctl_section section; /* the statement, and what is said about its row */
	/* As in a view; the first is the id at hand, whatever stands there. */
	const char *parameters[CTL_PARAMETERS_MAX + 1];
	/* Asked with the id afterwards: its row is shown instead; NULL: none. */
	const struct db_statement *outcome;
};

/* --- the command -------------------------------------------------------------------- */

enum { CTL_ARGUMENTS_MAX = 2, CTL_OPTION_LISTS_MAX = 3 };

struct ctl_command {
	const char *name;    /* one word or two: "task show" */
	unsigned topic;      /* index of the program's topics */
	const char *summary; /* one line, lower case, no full stop */
	const char *help;    /* whole lines with what else there is to know, or NULL */
	const char *example; /* a line that is right, without the program's name */
	struct ctl_argument arguments[CTL_ARGUMENTS_MAX + 1];
	const struct ctl_option *options[CTL_OPTION_LISTS_MAX + 1]; /* lists, ended by NULL */
	bool is_offline; /* asks no database: --config and --conninfo are unknown */
	enum ctl_exit_code usage_exit_code; /* of a wrong call; 0: CTL_EXIT_USAGE */
	/* What it does: run; or where that is NULL what each says with every id among its
	 * arguments; or where that is empty too what view says. */
	enum ctl_exit_code (*run)(struct ctl_call *call);
	struct ctl_each_id each;
	struct ctl_view view;
};

/* Begins the definition of a command. Where it stands at the beginning of a line, the
 * build finds it and puts the command into the program's list. */
#define CTL_COMMAND(variable)                                                                      \
	extern const struct ctl_command variable;                                                  \
	const struct ctl_command variable

/* A word of the database's messages, and what somebody at the command line calls it. */
struct ctl_wording {
	const char *database;
	const char *program;
};

struct ctl_program {
	const struct ctl_command *const *commands; /* ended by NULL */
	const char *const *topics;                 /* titles in the order of help; ended by NULL */
	const struct ctl_wording *wordings;        /* ended by NULL */
};

/* The command whose one or two words argv begins with, and how many these are; NULL if there is
 * none. */
const struct ctl_command *ctl_command_find(const struct ctl_program *program, int argc,
					   char *const *argv, int *words_out);

/* Whether the command's name begins with this word and has another: "task show", "task". */
bool ctl_command_is_under(const struct ctl_command *command, const char *word);
/* Whether there is such a command. */
bool ctl_command_has_group(const struct ctl_program *program, const char *word);

/* The option at that place, from 0: its own, in order, then those that every command
 * takes; NULL behind the last one. */
const struct ctl_option *ctl_command_option(const struct ctl_command *command, size_t place);
/* The option of that name, without its dashes; NULL if there is none. */
const struct ctl_option *ctl_command_option_find(const struct ctl_command *command,
						 const char *name);
/* Whether it is the command's own, not one that every command takes. */
bool ctl_command_has_own_option(const struct ctl_command *command, const struct ctl_option *option);

/* What the option does, which words it takes, and its default. Heap. */
char *ctl_command_option_text(const struct ctl_option *option);

/* What it takes, as a usage line has it: "[ID]...", "ADDRESS --why TEXT"; "" for nothing. Heap. */
char *ctl_command_synopsis(const struct ctl_command *command);

#endif
