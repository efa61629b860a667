/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The answer of a token server (RFC 6749 sections 5.1 and 5.2), which may be anything.
 */
#ifndef NET_OAUTH_REPLY_H
#define NET_OAUTH_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

/* "" is what the answer does not have, or has in a shape that nobody could use. */
struct oauth_reply {
	char *access_token;
	char *refresh_token; /* a new one, instead of the one that was sent */
	gint64 expires_in;   /* seconds; 0: it does not say */
	char *fault;         /* such as invalid_grant */
	char *description;   /* printable ASCII, of a bounded length */
};

/* False where it is no JSON object; the struct is empty then. */
bool oauth_reply_parse(const char *text, size_t len, struct oauth_reply *reply_out);
void oauth_reply_clear(struct oauth_reply *reply);

typedef struct oauth_reply oauth_reply_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(oauth_reply_t, oauth_reply_clear)

#endif
