/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Standard output: what it can show, and writing to it.
 */
#ifndef CTL_TERMINAL_OUTPUT_H
#define CTL_TERMINAL_OUTPUT_H

#include <stdbool.h>

#include "ctl/terminal/table_text.h"

/* Width, colour and UTF-8 if it is a terminal; a file has no limit. */
struct table_style output_style(void);

/* Writes and flushes. False, said on stderr, when that fails. */
bool output_write(const char *text);

#endif
