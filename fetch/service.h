/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What bounce-fetch consists of while it runs: rules, connections, and all mailboxes.
 */
#ifndef FETCH_SERVICE_H
#define FETCH_SERVICE_H

#include <stdbool.h>

#include <glib.h>

#include "fetch/settings.h"

struct service;

/* These are the functions of struct daemon_program. settings is a struct fetch_settings. */
void *service_open(const void *settings, GError **error);
bool service_connect(void *service, GError **error);
bool service_serve(void *service, GError **error);
bool service_is_working(void *service);
bool service_reload(void *service, const void *fresh_settings, GError **error);
void service_close(void *data);

/* --once: all that is in the mailboxes now, with progress on a terminal and a line for each mailbox
 * on stdout. The exit status: 75 (EX_TEMPFAIL) where something stays for the next time. */
int service_once(const void *data);

#endif
