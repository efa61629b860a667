/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Output and errors.
 */
#include "ctl/framework/result.h"

#include <stdio.h>

#include "base/error.h"
#include "base/shown_text.h"
#include "ctl/terminal/output.h"

enum ctl_exit_code ctl_result_print(const GString *out)
{
	return output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

/* The database names its functions, for those who write SQL: here they are options. */
static char *in_words_of(const struct ctl_program *program, const char *text)
{
	GString *ours = g_string_new(text);

	for (size_t i = 0; program && program->wordings[i].database; i++)
		g_string_replace(ours, program->wordings[i].database, program->wordings[i].program,
				 0);
	return g_string_free(ours, FALSE);
}

enum ctl_exit_code ctl_result_error(const struct ctl_call *call, const GError *error)
{
	g_autofree char *said = db_error_for_people(error);
	g_autofree char *text = in_words_of(call->program, said);
	g_autofree char *clean = shown_text_clean(text, true, SHOWN_TEXT_KEEP_LINES);

	fprintf(stderr, "bouncectl %s: %s\n", call->command->name, clean);
	return error->code == BM_ERROR_RETRY || error->code == BM_ERROR_UNCERTAIN
		   ? CTL_EXIT_TEMPFAIL
		   : CTL_EXIT_FAULT;
}
