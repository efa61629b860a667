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

struct store_settings {
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
struct config_sections store_settings_sections(struct store_settings *settings);

/* False with BM_ERROR_CONFIG. Clear the struct with store_settings_clear in either case. */
bool store_settings_read(const char *path, struct store_settings *settings_out, GError **error)
    __attribute__((warn_unused_result));
void store_settings_clear(struct store_settings *settings);

bool store_settings_is_pop3(const struct store_settings *settings);
bool store_settings_is_oauth(const struct store_settings *settings);
/* Points into the settings. */
struct credential_settings store_settings_credential(const struct store_settings *settings,
						     int stop_fd);

/* The folders that are read, each without blanks around its name; g_strfreev(). */
char **store_settings_folders(const struct store_settings *settings);

typedef struct store_settings store_settings_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(store_settings_t, store_settings_clear)

#endif
