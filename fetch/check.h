/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-fetch --check.
 */
#ifndef FETCH_CHECK_H
#define FETCH_CHECK_H

#include <stdbool.h>

#include "fetch/settings.h"

/* For struct daemon_program; settings is a struct fetch_settings. Prints a line for each thing;
 * false if one is a fault. Every mailbox is logged in to; nothing in it is changed. */
bool fetch_check(const void *settings);

#endif
