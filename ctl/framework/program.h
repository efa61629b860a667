/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A program of commands: from its arguments to the exit code.
 */
#ifndef CTL_FRAMEWORK_PROGRAM_H
#define CTL_FRAMEWORK_PROGRAM_H

#include "ctl/framework/command.h"

/* Runs the command that argv names, or help, --version, "complete WORD..." (shell completion)
 * and "manual" (the commands in mdoc). Parameters as those of main. */
enum ctl_exit_code ctl_program_run(const struct ctl_program *program, int argc, char **argv);

#endif
