/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the program says about itself, made from the descriptions of its commands.
 */
#ifndef CTL_FRAMEWORK_HELP_H
#define CTL_FRAMEWORK_HELP_H

#include <stdio.h>

#include "ctl/framework/command.h"

/* All commands, a line each, by topic. */
void ctl_help_all(const struct ctl_program *program, FILE *stream);

/* One command: what it takes, what it does, an example. */
void ctl_help_command(const struct ctl_program *program, const struct ctl_command *command,
		      FILE *stream);

/* The commands of two words that begin with this one. */
void ctl_help_group(const struct ctl_program *program, const char *word, FILE *stream);

/* Says on stderr that there is no such command, and what may have been meant. */
void ctl_help_refuse(const struct ctl_program *program, int argc, char *const *argv);

#endif
