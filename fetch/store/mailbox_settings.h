/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One mailbox at a provider, as its file describes it: how it is reached, what is read, and what
 * becomes of a mail once it is recorded.
 */
#ifndef FETCH_STORE_MAILBOX_SETTINGS_H
#define FETCH_STORE_MAILBOX_SETTINGS_H

#include <stdbool.h>

#include <glib.h>

#include "base/config.h"
#include "net/credential.h"
#include "net/oauth_settings.h"

struct mailbox_settings {
	char *name; /* of the file, without ".conf" */
	char *protocol;
	char *host;
	char *port; /* never empty once it is read */
	char *username;
	char *password_file;
	char *auth_method;
	char *tls_ca_file;
	struct oauth_settings oauth;
	char *folders; /* separated by commas */
	char *recorded;
	char *recorded_folder;
	char *unclassified_folder;
	char *failed_folder;
	char *flag;
	char *own_mta;
	long tries;
	long poll_interval; /* seconds */
	long connect_wait;  /* all waits in seconds */
	long reply_wait;
	long transfer_wait;
};

/* All keys of its file; a test compares them with the sample and the man page. */
struct config_sections mailbox_settings_sections(struct mailbox_settings *settings);

/* False with BM_ERROR_CONFIG. Clear the struct with mailbox_settings_clear in either case. */
bool mailbox_settings_read(const char *path, struct mailbox_settings *settings_out, GError **error)
    __attribute__((warn_unused_result));
void mailbox_settings_clear(struct mailbox_settings *settings);

bool mailbox_settings_is_pop3(const struct mailbox_settings *settings);
bool mailbox_settings_is_oauth(const struct mailbox_settings *settings);
/* Points into the settings. */
struct credential_settings mailbox_settings_credential(const struct mailbox_settings *settings,
						       int stop_fd);

/* The folders that are read, each without blanks around its name; g_strfreev(). */
char **mailbox_settings_folders(const struct mailbox_settings *settings);

typedef struct mailbox_settings mailbox_settings_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(mailbox_settings_t, mailbox_settings_clear)

#endif
