/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the database says, for somebody at the command line.
 */
#include "ctl/framework/error_message.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/printable_text.h"
#include "db/people/operator_queries.h"
#include "db/rows.h"

/* The database names its functions, for those who write SQL: here they are options. */
static char *in_words_of(const struct ctl_program *program, const char *text)
{
	GString *ours = g_string_new(text);

	for (size_t i = 0; program && program->wordings[i].database; i++)
		g_string_replace(ours, program->wordings[i].database, program->wordings[i].program,
				 0);
	return g_string_free(ours, FALSE);
}

/* "permission denied for function pause_process": its name, heap; NULL when it names nothing. */
static char *refused_object(const char *text)
{
	static const char mark[] = "permission denied for ";
	const char *kind = strstr(text, mark);
	const char *name = kind ? strchr(kind + strlen(mark), ' ') : NULL;

	return name ? g_strndup(name + 1, strcspn(name + 1, " ")) : NULL;
}

/* Which role is needed, where the account lacks one. */
static void say_who_may(const struct ctl_call *call, const char *name)
{
	if (!call->pool)
		return;
	const char *const values[] = {name};
	g_autoptr(GError) unknown = NULL;
	g_autoptr(db_rows_t) rows =
	    db_rows_fetch(call->pool, &operator_queries_roles_that_may, values, &unknown);
	const char *roles = rows ? db_rows_find(rows, 0, "roles") : NULL;

	if (roles)
		fprintf(stderr, "%s may be used with one of the roles: %s\n", name, roles);
}

enum ctl_exit_code ctl_error_message_print(const struct ctl_call *call, const GError *error)
{
	g_autofree char *said = db_error_for_people(error);
	g_autofree char *refused =
	    db_error_is_denied(error) ? refused_object(error->message) : NULL;
	/* what is refused is a function by its name, not an option */
	g_autofree char *text = refused ? g_strdup(said) : in_words_of(call->program, said);
	g_autofree char *clean = printable_text_clean(text, true, PRINTABLE_TEXT_KEEP_LINES);

	fprintf(stderr, "bouncectl %s: %s\n", call->command->name, clean);
	if (refused)
		say_who_may(call, refused);
	return error->code == BM_ERROR_RETRY || error->code == BM_ERROR_UNCERTAIN
		   ? CTL_EXIT_TEMPFAIL
		   : CTL_EXIT_FAULT;
}
