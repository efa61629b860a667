/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-milter --check: everything that can be wrong before the first bounce.
 */
#ifndef MILTER_CHECK_H
#define MILTER_CHECK_H

#include <stdbool.h>

#include "intake/milter_settings.h"

/* For struct daemon_program; settings is a struct milter_settings. Prints one line for each thing
 * examined. False if one of them prevents the start; warnings do not. */
bool milter_check(const void *settings);

#endif
