/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-milter --check: everything that can be wrong before the first bounce.
 */
#ifndef MILTER_CHECK_H
#define MILTER_CHECK_H

#include <stdbool.h>

#include "base/settings.h"

/* Prints one line a thing looked at. False if one of them prevents the start;
 * warnings do not. */
bool check_run(const char *path, const struct settings *settings);

#endif
