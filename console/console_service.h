/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-console as a daemon: the functions of daemon/daemon.h.
 */
#ifndef CONSOLE_CONSOLE_SERVICE_H
#define CONSOLE_CONSOLE_SERVICE_H

#include <stdbool.h>

#include <glib.h>

void *console_service_open(const void *data, GError **error);
bool console_service_serve(void *service, GError **error);
bool console_service_reload(void *service, const void *fresh, GError **error);
void console_service_close(void *data);
/* Prints the lines of --check. */
bool console_service_check(const void *settings);

#endif
