/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Keeps an access token of OAuth 2.0 (RFC 6749 section 6): asked for with the refresh token,
 * renewed before it expires and once a server refuses it. A refresh token that the token server
 * replaces is kept in its file. Thread-safe.
 */
#ifndef NET_OAUTH_H
#define NET_OAUTH_H

#include <stdbool.h>

#include <glib.h>

#include "net/oauth_settings.h"

struct oauth;

/* settings lives longer. Once stop_fd is readable (-1: none), the token server is not waited for.
 */
struct oauth *oauth_new(const struct oauth_settings *settings, int stop_fd);
void oauth_free(struct oauth *oauth);

/* A token that is good for a minute at least, or as long as the server gives it; secret_free.
 * NULL with BM_ERROR_RETRY, or with BM_ERROR_CONFIG that names the key and what to do. */
char *oauth_token(struct oauth *oauth, GError **error) __attribute__((warn_unused_result));

/* The server refused the token: the next one is asked for anew. True where the refused one was
 * not just made, so that another one may fare better. */
bool oauth_refuse(struct oauth *oauth);

/* What hinders it from reading and replacing its files, for --check; NULL: nothing. Heap. */
char *oauth_files_objection(const struct oauth_settings *settings);

typedef struct oauth oauth_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(oauth_t, oauth_free)

#endif
