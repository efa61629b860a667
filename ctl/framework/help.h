/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What bouncectl says of itself.
 */
#ifndef CTL_FRAMEWORK_HELP_H
#define CTL_FRAMEWORK_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "ctl/framework/command.h"

/* All commands, a line each. */
void ctl_help_all(FILE *stream);

/* One command: what it takes, what it does, an example. */
void ctl_print_help(const struct ctl_command *command, FILE *stream);

/* Whether commands of two words begin with this one, as "task show" with "task". */
bool ctl_help_is_group(const char *word);
/* These commands. */
void ctl_help_group(const char *word, FILE *stream);

/* Says on stderr that there is no such command, and what may have been meant. */
void ctl_help_refuse(int argc, char *const *argv);

#endif
