/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl complete WORD...: one candidate a line for the last word.
 */
#ifndef CTL_FRAMEWORK_COMPLETE_H
#define CTL_FRAMEWORK_COMPLETE_H

#include "ctl/framework/command.h"

/* argv[0] is "complete". Always 0. */
int ctl_complete(int argc, char **argv);

#endif
