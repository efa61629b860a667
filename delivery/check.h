/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-delivery --check: everything that can be wrong before the first mail is sent.
 */
#ifndef DELIVERY_CHECK_H
#define DELIVERY_CHECK_H

#include <stdbool.h>

#include "delivery/settings.h"

/* For struct daemon_program; settings is a struct delivery_settings. Prints one line for each thing
 * examined. False if one of them prevents the start. */
bool delivery_check(const void *settings);

#endif
