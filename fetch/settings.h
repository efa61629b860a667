/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-fetch.conf: how to reach the database, and the server through which a person gets what
 * nobody can classify. Each mailbox has a file of its own (fetch/store/mailbox_settings.h).
 */
#ifndef FETCH_SETTINGS_H
#define FETCH_SETTINGS_H

#include <stdbool.h>

#include <glib.h>

#include "base/config.h"
#include "daemon/daemon_settings.h"
#include "delivery/smtp/smtp_settings.h"
#include "intake/intake_settings.h"

struct fetch_settings {
	struct daemon_settings common; /* first, as daemon/daemon.h asks */
	struct intake_settings intake;
	struct smtp_settings smtp;
	char *mailboxes; /* a directory of NAME.conf */
	char *sender;
	char *lmtp; /* a socket; "": none */
	long lmtp_mode;
	char *lmtp_own_mta;
	long lmtp_sessions_max;
	char *metrics_file;
};

/* All keys of the file; a test compares them with the sample file and the man page. */
struct config_sections fetch_settings_sections(struct fetch_settings *settings);

/* False with BM_ERROR_CONFIG. Clear the struct with fetch_settings_clear in either case. */
bool fetch_settings_read(const char *path, struct fetch_settings *settings_out, GError **error)
    __attribute__((warn_unused_result));
void fetch_settings_clear(struct fetch_settings *settings);

/* The mailboxes of the directory, in the order of their names: struct mailbox_settings, owned. NULL
 * with BM_ERROR_CONFIG, also where there is none and no LMTP either. */
GPtrArray *fetch_settings_mailboxes(const struct fetch_settings *settings, GError **error)
    __attribute__((warn_unused_result));

typedef struct fetch_settings fetch_settings_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(fetch_settings_t, fetch_settings_clear)

#endif
