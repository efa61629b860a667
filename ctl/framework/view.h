/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Commands that are one or a few statements: what is asked, with what, and how
 * the answer is shown.
 */
#ifndef CTL_FRAMEWORK_VIEW_H
#define CTL_FRAMEWORK_VIEW_H

#include "ctl/framework/command.h"
#include "ctl/framework/table.h"
#include "db/pool.h"
#include "db/rows.h"

enum { CTL_SECTIONS_MAX = 6 };

enum ctl_layout {
	CTL_TABLE,    /* all rows */
	CTL_BLOCKS,   /* a row as "name  value" lines */
	CTL_SENTENCE, /* the first row in words */
};

struct ctl_section {
	const char *name; /* in JSON, and as a title from the second on */
	const struct db_statement *statement;
	enum ctl_layout layout;
	const char *columns;  /* as ctl_output_table; JSON has all */
	const char *sentence; /* CTL_SENTENCE: as ctl_output_sentence */
	const char
	    *unless; /* CTL_SENTENCE: a boolean column; where it is not true, otherwise is said */
	const char *otherwise;
	const char *empty; /* said when there is no row */
	bool is_required;  /* no row is a fault: nothing further is shown */
};

struct ctl_view {
	/* The parameters of the statements, each taking as many as it needs:
	 * "1" an argument, "why" an option; a flag gives "true". */
	const char *binds;
	struct ctl_section sections[CTL_SECTIONS_MAX]; /* ended by a name NULL */
};

/* Runs call->command->view. Several sections are one JSON object, or sections
 * under titles; a single table is one JSON object a line. The exit status. */
int ctl_view_run(struct ctl_call *call);
/* The same with another view than the command's own. */
int ctl_view_show(struct ctl_call *call, const struct ctl_view *view);

/* On a terminal: says that a list is as long as --limit allows, so that it may not be all. */
void ctl_view_say_limit(const struct ctl_call *call, const struct db_rows *rows);

/* The first row as the section's sentence, a line. */
void ctl_view_sentence(const struct ctl_section *section, const struct db_rows *rows,
		       const struct table_style *style, GString *out);

/* The values of a bind list; NULL where nothing was said. Borrowed from call; free the array. */
const char **ctl_view_bind(const struct ctl_call *call, const char *binds);

#endif
