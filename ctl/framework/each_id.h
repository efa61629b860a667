/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Acting on many: the same statement for one id after the other, each in a
 * transaction of its own. What the database refuses is said, and the others go on.
 */
#ifndef CTL_FRAMEWORK_EACH_ID_H
#define CTL_FRAMEWORK_EACH_ID_H

#include "ctl/framework/call.h"

/* The ids among the call's arguments, in order; "-" stands for those on standard
 * input, separated by white space. NULL, said on stderr, where one is no number. */
GPtrArray *ctl_each_id_list(const struct ctl_call *call) __attribute__((warn_unused_result));

/* Acts on each id (char *). CTL_EXIT_FAULT where one was refused, or the section's condition
 * does not hold; CTL_EXIT_TEMPFAIL at once where there is no database. */
enum ctl_exit_code ctl_each_id_run(struct ctl_call *call, const GPtrArray *ids,
				   const struct ctl_each_id *each);

/* Acts on the ids of the call. */
enum ctl_exit_code ctl_each_id_run_all(struct ctl_call *call, const struct ctl_each_id *each);

#endif
