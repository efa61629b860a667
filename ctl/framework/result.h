/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How a command ends: its output printed, or an error said, and the exit code for it.
 */
#ifndef CTL_FRAMEWORK_RESULT_H
#define CTL_FRAMEWORK_RESULT_H

#include "ctl/framework/call.h"

/* Prints out. CTL_EXIT_OUTPUT, said on stderr, when that fails. */
enum ctl_exit_code ctl_result_print(const GString *out);

/* Says on stderr what is wrong. CTL_EXIT_TEMPFAIL where the same call may succeed later. */
enum ctl_exit_code ctl_result_error(const struct ctl_call *call, const GError *error);

#endif
