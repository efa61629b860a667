/* SPDX-License-Identifier: BSD-2-Clause
 *
 * OpenSSL checks the name along with the certificate: the configured one, not one that
 * DNS says is the same.
 */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/error.h"

static bool demand_certificate(SSL_CTX *context, const struct tls_demands *demands)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
	bool has_ca = *demands->ca_file == '\0'
			  ? SSL_CTX_set_default_verify_paths(context) == 1
			  : SSL_CTX_load_verify_locations(context, demands->ca_file, NULL) == 1;

	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return has_ca && (X509_VERIFY_PARAM_set1_ip_asc(param, demands->host) == 1 ||
			  X509_VERIFY_PARAM_set1_host(param, demands->host, 0) == 1);
}

SSL_CTX *tls_context_new(const struct tls_demands *demands, GError **error)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	    (!demands->is_verifying || demand_certificate(context, demands))) {
		SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		return context;
	}
	SSL_CTX_free(context);
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "tls_ca_file: \"%s\" cannot be used",
		    demands->ca_file);
	return NULL;
}

char *tls_fault(const SSL *tls)
{
	long verdict = SSL_get_verify_result(tls);
	bool is_verifying = (SSL_get_verify_mode(tls) & SSL_VERIFY_PEER) != 0;
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	if (is_verifying && verdict != X509_V_OK)
		return g_strdup_printf("certificate: %s", X509_verify_cert_error_string(verdict));
	return g_strdup(reason ? reason : "the handshake was cut off");
}
