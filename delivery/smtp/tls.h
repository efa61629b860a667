/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What OpenSSL is asked for behind libESMTP's back: whom to trust, and that the
 * session tickets of TLS 1.3 do not stop the dialogue.
 */
#ifndef DELIVERY_SMTP_TLS_H
#define DELIVERY_SMTP_TLS_H

#include <stdbool.h>

#include <glib.h>
#include <openssl/ssl.h>

/* TLS 1.2 and later. is_verifying: the certificate must be trusted by ca_file (""
 * is those of the system) and name host. NULL with BM_ERROR_CONFIG; SSL_CTX_free(). */
SSL_CTX *tls_context_new(bool is_verifying, const char *ca_file, const char *host, GError **error)
    __attribute__((warn_unused_result));

/* Why handshakes failed in this thread since it was asked last, for people; NULL: OpenSSL
 * knows of nothing. Heap. */
char *tls_problem_take(void);

/* From the end of the handshake until the first command is written, poll(2) does not
 * call the socket readable for what only OpenSSL reads. */
void tls_tickets_hide(int fd);
void tls_tickets_show(int fd);

#endif
