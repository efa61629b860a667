/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is asked of TLS: whom to trust, and what went wrong.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>

#include <glib.h>
#include <openssl/ssl.h>

struct tls_demands {
	bool is_verifying;   /* the certificate must be trusted and name the host */
	const char *ca_file; /* "": the certificates that the system trusts */
	const char *host;    /* name or address */
};

/* TLS 1.2 and later. NULL with BM_ERROR_CONFIG; SSL_CTX_free(). */
SSL_CTX *tls_context_new(const struct tls_demands *demands, GError **error)
    __attribute__((warn_unused_result));

/* Why the handshake has just failed, for people. Heap. */
char *tls_fault(const SSL *tls);

/* What OpenSSL may read for itself without a byte for us: a chain of certificates has at most 100
 * KiB, a record 16. It passes over tickets, new keys and HelloRequest, and asks the socket for
 * more: whoever sends that faster than it is read would keep one call for ever. */
enum { TLS_BYTES_MAX = 512 * 1024 };

#endif
