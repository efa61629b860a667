/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A command line held against a command's description: what was said, or why it is
 * refused.
 */
#ifndef CTL_FRAMEWORK_CALL_H
#define CTL_FRAMEWORK_CALL_H

#include <stdbool.h>

#include <glib.h>

#include "ctl/framework/command.h"

struct db_pool;

/* A command line that was understood. */
struct ctl_call {
	const struct ctl_program *program; /* NULL: no wordings */
	const struct ctl_command *command;
	GHashTable *values;   /* option name -> GPtrArray of char *; a flag has "true" */
	GPtrArray *arguments; /* char * */
	unsigned query_wait;  /* seconds to wait for the database; 0: as long as a person waits */
	struct db_pool *pool; /* NULL until ctl_connect_pool opens it */
};

/* Parses what follows the command's words. NULL, said on stderr, when it is refused:
 * *exit_out is then the command's usage_exit_code. With --help nothing has to be there.
 * Free with ctl_call_free. */
struct ctl_call *ctl_call_parse(const struct ctl_command *command, int argc, char *const *argv,
				enum ctl_exit_code *exit_out);
void ctl_call_free(struct ctl_call *call);

/* The last value of the option; NULL when it was not given and has no default. */
const char *ctl_call_option(const struct ctl_call *call, const char *name);
/* All values of a repeatable option, ended by NULL; NULL when there is none. */
const char *const *ctl_call_option_values(const struct ctl_call *call, const char *name);
/* Whether the option was given or has a default. */
bool ctl_call_has(const struct ctl_call *call, const char *name);
/* As if the option had been given with this value. */
void ctl_call_set(struct ctl_call *call, const char *name, const char *value);

/* The argument of that number, from 1; NULL when there are fewer. */
const char *ctl_call_argument(const struct ctl_call *call, unsigned number);
/* As if the argument of that number, which is there, had been this one. */
void ctl_call_set_argument(struct ctl_call *call, unsigned number, const char *value);
/* The option or argument of that name; NULL when it was not given. */
const char *ctl_call_value(const struct ctl_call *call, const char *name);

/* Says "bouncectl COMMAND: ..." on stderr; untrusted text may be in it. */
void ctl_call_say(const struct ctl_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, and the usage. The command's usage_exit_code. */
enum ctl_exit_code ctl_call_refuse(const struct ctl_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints the answer to a call. CTL_EXIT_OUTPUT, said on stderr, when that fails. */
enum ctl_exit_code ctl_call_print(const GString *out);

typedef struct ctl_call ctl_call_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ctl_call_t, ctl_call_free)

#endif
