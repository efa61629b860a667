/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What proves who we are at a server: a file that somebody else keeps, or a token that is renewed
 * here. Thread-safe.
 */
#ifndef NET_CREDENTIAL_H
#define NET_CREDENTIAL_H

#include <stdbool.h>

#include <glib.h>

#include "net/oauth_settings.h"

struct credential;

struct credential_settings {
	const char *key; /* that names password_file */
	const char *password_file;
	const struct oauth_settings *oauth;
	int stop_fd; /* once it is readable, the token server is not waited for; -1: none */
};

/* What it points to lives longer. Without a refresh_token_file the password file is read. */
struct credential *credential_new(const struct credential_settings *settings);
void credential_free(struct credential *credential);

/* The password or the token, for one login; secret_free. NULL with an error as oauth_token. */
char *credential_get(struct credential *credential, GError **error)
    __attribute__((warn_unused_result));

/* The server refused it. True where another one is at hand, so that a new try makes sense. */
bool credential_refuse(struct credential *credential);

/* Whether its files can be read. False with BM_ERROR_CONFIG. */
bool credential_check(const struct credential *credential, GError **error)
    __attribute__((warn_unused_result));

/* What is wrong with who may read or change them, for --check; NULL: nothing. Heap. */
char *credential_objection(const struct credential_settings *settings);

#endif
