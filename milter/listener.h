/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The socket to which the MTA connects.
 */
#ifndef MILTER_LISTENER_H
#define MILTER_LISTENER_H

#include <stdbool.h>

#include <glib.h>

#include "intake/milter_settings.h"

/* The path in the name of a unix socket; NULL for others. */
const char *listener_path(const char *socket_name);

/* Opens the socket after smfi_register: created without access for others, then opened
 * up as configured. A socket on which another filter answers is left alone. False with
 * BM_ERROR_CONFIG. */
bool listener_open(const struct milter_settings *settings, GError **error)
    __attribute__((warn_unused_result));

#endif
