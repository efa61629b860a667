/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl show, which "queue show" is another name for.
 */
#ifndef CTL_COMMANDS_SHOW_H
#define CTL_COMMANDS_SHOW_H

#include "ctl/framework/command.h"

/* COMMUNICATION: an id, an envelope id, a Message-ID, a reference or an address. */
extern const struct ctl_value_type show_communication;

/* Shows the communication that the first argument names. */
enum ctl_exit_code show_run(struct ctl_call *call);

#endif
