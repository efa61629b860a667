/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Commands that are one or a few statements: asking, and showing the answer as a table,
 * as blocks, in a sentence or as JSON.
 */
#ifndef CTL_FRAMEWORK_VIEW_H
#define CTL_FRAMEWORK_VIEW_H

#include "ctl/framework/call.h"
#include "ctl/terminal/table_text.h"

/* Runs the view of the call's command. Several sections are one JSON object, or sections
 * under titles; a single one is one JSON object a line. */
enum ctl_exit_code ctl_view_run(struct ctl_call *call);
/* The same with another view. */
enum ctl_exit_code ctl_view_show(struct ctl_call *call, const struct ctl_view *view);
/* Shows an answer that is there already as a view of this section would; closing, for people
 * only, comes behind it; NULL: nothing. */
enum ctl_exit_code ctl_view_print(const struct ctl_call *call, const struct ctl_section *section,
				  const struct db_rows *rows, const char *closing);

/* The first row as the section's sentence, a line. */
void ctl_view_append_sentence(const struct ctl_section *section, const struct db_rows *rows,
			      const struct table_style *style, GString *out);

/* Whether the section's condition holds; true where it has none. */
bool ctl_view_holds(const struct ctl_section *section, const struct db_rows *rows);

/* Sets the values of the named options and arguments, as many as there are names before a
 * NULL; NULL where nothing was said. Borrowed from call. */
void ctl_view_bind(const struct ctl_call *call, const char *const *names, const char **values);

#endif
