/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The first words of a login, as SASL (RFC 4422) has them, in base64: the same for SMTP, IMAP
 * and POP3. All of them give the secret away to the server. To be wiped by secret_free.
 */
#ifndef NET_SASL_H
#define NET_SASL_H

#include "net/secret_filter.h"

struct sasl_login {
	const char *username;
	const char *secret; /* a password, or a token of OAuth 2.0 */
	const char *host;   /* of the server, as configured */
	const char *port;
};

/* A name or a secret alone, as LOGIN has them. */
char *sasl_encode(const char *secret);
char *sasl_plain(const struct sasl_login *login);       /* RFC 4616 */
char *sasl_oauthbearer(const struct sasl_login *login); /* RFC 7628 */
char *sasl_xoauth2(const struct sasl_login *login);     /* Google, Microsoft */

/* What stands between the quotes of a quoted string (RFC 3501 section 9), as LOGIN of IMAP has it.
 * Heap. */
char *sasl_escape(const char *text);

/* Hides the secret in what the server says from now on, however it was said to it. */
struct secret_filter *sasl_filter(const struct sasl_login *login);

#endif
