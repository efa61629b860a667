/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A server sends its tickets (RFC 8446 section 4.6.1) right behind the handshake.
 * libESMTP polls for reading and writing at once, takes them for the reply to EHLO,
 * and waits for the rest of it with EHLO still unsent. Written first, EHLO is
 * answered behind the tickets, and OpenSSL reads over them.
 */
#include "delivery/smtp/tls.h"

#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/error.h"

enum { MORE_THAN_TICKETS = 1 << 16, ANYTHING = 1 }; /* bytes */

/* Put into the thread's queue of errors, because nothing of the connection is at hand here. */
static int note_verdict(int is_good, X509_STORE_CTX *store)
{
	if (!is_good)
		ERR_raise_data(ERR_LIB_USER, 1, "certificate: %s",
			       X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
	return is_good;
}

char *tls_problem_take(void)
{
	char *fault = NULL;
	const char *data;
	int flags;

	for (unsigned long code;
	     (code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0;) {
		bool is_ours = ERR_GET_LIB(code) == ERR_LIB_USER && (flags & ERR_TXT_STRING) != 0;
		const char *text = is_ours ? data : ERR_reason_error_string(code);

		if (!text || (fault && !is_ours))
			continue;
		g_free(fault);
		fault = g_strdup(text);
	}
	return fault;
}

static bool demand_certificate(SSL_CTX *context, const char *ca_file, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
	bool has_ca = *ca_file == '\0' ? SSL_CTX_set_default_verify_paths(context) == 1
				       : SSL_CTX_load_verify_locations(context, ca_file, NULL) == 1;

	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, note_verdict);
	return has_ca && (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1 ||
			  X509_VERIFY_PARAM_set1_host(param, host, 0) == 1);
}

SSL_CTX *tls_context_new(bool is_verifying, const char *ca_file, const char *host, GError **error)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	    (!is_verifying || demand_certificate(context, ca_file, host)))
		return context;
	SSL_CTX_free(context);
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "tls_ca_file: \"%s\" cannot be used",
		    ca_file);
	return NULL;
}

static void set_low_water(int fd, int bytes)
{
	/* a socket that refuses is polled as ever: it may stall, and then times out */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

void tls_tickets_hide(int fd)
{
	set_low_water(fd, MORE_THAN_TICKETS);
}

void tls_tickets_show(int fd)
{
	set_low_water(fd, ANYTHING);
}
