/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An error that ends a command, in words for the person at the terminal, and the exit code for it.
 */
#ifndef CTL_FRAMEWORK_ERROR_MESSAGE_H
#define CTL_FRAMEWORK_ERROR_MESSAGE_H

#include "ctl/framework/call.h"

/* Says on stderr what is wrong. CTL_EXIT_TEMPFAIL where the same call may succeed later. */
enum ctl_exit_code ctl_error_message_print(const struct ctl_call *call, const GError *error);

#endif
