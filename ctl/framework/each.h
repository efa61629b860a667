/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Acting on many: the same statement for one id after the other, each in a
 * transaction of its own. What the database refuses is said, and the others go on.
 */
#ifndef CTL_FRAMEWORK_EACH_H
#define CTL_FRAMEWORK_EACH_H

#include "ctl/framework/view.h"

struct ctl_each {
	struct ctl_section section; /* the statement, and what is said of its row */
	const char *binds;          /* as in a view; the first is the id, whatever stands there */
	const struct db_statement
	    *outcome; /* asked for the id afterwards: its row is said instead; NULL: none */
};

/* The ids among the call's arguments, in order; "-" stands for those on standard
 * input, parted by white space. NULL, said on stderr, where one is no number. */
GPtrArray *ctl_each_ids(const struct ctl_call *call) __attribute__((warn_unused_result));

/* Acts on each id (char *). The exit status: 0 where all went well; 1 where one was
 * refused, or not done as the section's unless says; 75 at once where the database is away. */
int ctl_each_run(struct ctl_call *call, struct db_pool *pool, const GPtrArray *ids,
		 const struct ctl_each *each);

#endif
