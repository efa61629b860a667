/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The manual's list of commands, for doc/bouncectl.1.
 */
#ifndef CTL_FRAMEWORK_MANUAL_H
#define CTL_FRAMEWORK_MANUAL_H

#include <stdio.h>

#include "ctl/framework/command.h"

/* Every command by topic, with its options: sections and lists of mdoc(7). */
void ctl_manual_print(const struct ctl_program *program, FILE *stream);

#endif
