/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl complete WORD...: what may come next on a command line, one candidate a line,
 * for etc/completion/bouncectl.bash. "@files" alone: the names of files.
 */
#ifndef CTL_FRAMEWORK_SHELL_COMPLETION_H
#define CTL_FRAMEWORK_SHELL_COMPLETION_H

#include "ctl/framework/command.h"

/* argv: the words behind "bouncectl complete"; the last one is being written. */
void ctl_shell_completion_print(const struct ctl_program *program, int argc, char *const *argv);

#endif
