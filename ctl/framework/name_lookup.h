/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Names on a command line: people call a thing as they know it, and a command acts on its number.
 */
#ifndef CTL_FRAMEWORK_NAME_LOOKUP_H
#define CTL_FRAMEWORK_NAME_LOOKUP_H

#include "ctl/framework/call.h"

/* Puts the number in the place of each name among the call's arguments and options whose value
 * has a section that finds. A number that nothing has stays, for the command to say so; "-" stays.
 * CTL_EXIT_FAULT, said on stderr, where a name fits nothing, or several: these are listed there. */
enum ctl_exit_code ctl_name_lookup_run(struct ctl_call *call);

#endif
