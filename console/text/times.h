/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Times as a language writes them.
 */
#ifndef CONSOLE_TEXT_TIMES_H
#define CONSOLE_TEXT_TIMES_H

#include "console/text/catalogue.h"

/* A time of the database in numbers: RFC 3339, "2026-11-29 08:20" or with seconds, which are left
 * out, or a day alone, "2026-11-29". No zone is changed. NULL: it is none of these. Heap. */
char *times_written(const struct catalogue *catalogue, const char *value);

#endif
