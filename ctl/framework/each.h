/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Acting on many: the same statement for one id after the other, each in a
 * transaction of its own. What the database refuses is said, and the others go on.
 */
#ifndef CTL_FRAMEWORK_EACH_H
#define CTL_FRAMEWORK_EACH_H

#include "ctl/framework/call.h"

struct ctl_each {
	struct ctl_section section; /* the statement, and what is said about its row */
	/* As in a view; the first is the id at hand, whatever stands there. */
	const char *parameters[CTL_PARAMETERS_MAX + 1];
	/* Asked with the id afterwards: its row is shown instead; NULL: none. */
	const struct db_statement *outcome;
};

/* The ids among the call's arguments, in order; "-" stands for those on standard
 * input, separated by white space. NULL, said on stderr, where one is no number. */
GPtrArray *ctl_each_ids(const struct ctl_call *call) __attribute__((warn_unused_result));

/* Acts on each id (char *). CTL_EXIT_FAULT where one was refused, or the section's condition
 * does not hold; CTL_EXIT_TEMPFAIL at once where there is no database. */
enum ctl_exit_code ctl_each_run(struct ctl_call *call, const GPtrArray *ids,
				const struct ctl_each *each);

/* Acts on the ids of the call. */
enum ctl_exit_code ctl_each_run_ids(struct ctl_call *call, const struct ctl_each *each);

#endif
