/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Certificates for a server under test, made on the spot: one that is right, and one for
 * each way to be wrong.
 */
#ifndef TESTS_TEST_CERTIFICATES_H
#define TESTS_TEST_CERTIFICATES_H

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum certificate {
	CERTIFICATE_RIGHT,
	CERTIFICATE_EXPIRED,
	CERTIFICATE_OTHER_NAME,
	CERTIFICATE_SELF_SIGNED,
	CERTIFICATE_COUNT
};

struct certificates {
	EVP_PKEY *key; /* one for all */
	X509 *authority;
	SSL_CTX *servers[CERTIFICATE_COUNT];
	char *ca_file;
};

static X509 *certificate_new(EVP_PKEY *key, X509 *issuer, const char *name, const char *alternative,
			     long last_second)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);
	static long serial = 1;

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
	X509_gmtime_adj(X509_getm_notAfter(certificate), last_second);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(
	    NULL, NULL, alternative ? NID_subject_alt_name : NID_basic_constraints,
	    alternative ? alternative : "critical,CA:TRUE");
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	g_assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

static SSL_CTX *server_context_new(EVP_PKEY *key, X509 *certificate)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	g_assert_true(SSL_CTX_use_certificate(context, certificate) == 1 &&
		      SSL_CTX_use_PrivateKey(context, key) == 1);
	X509_free(certificate);
	return context;
}

static void certificates_make(struct certificates *certificates)
{
	static const long hour = 3600;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *authority = certificate_new(key, NULL, "Test CA", NULL, hour);
	int fd = g_file_open_tmp("bounce-test-ca-XXXXXX", &certificates->ca_file, NULL);
	FILE *file = fdopen(fd, "w");

	g_assert_true(file && PEM_write_X509(file, authority) == 1 && fclose(file) == 0);
	certificates->key = key;
	certificates->authority = authority;
	certificates->servers[CERTIFICATE_RIGHT] =
	    server_context_new(key, certificate_new(key, authority, "right", "IP:127.0.0.1", hour));
	certificates->servers[CERTIFICATE_EXPIRED] = server_context_new(
	    key, certificate_new(key, authority, "expired", "IP:127.0.0.1", -hour));
	certificates->servers[CERTIFICATE_OTHER_NAME] = server_context_new(
	    key, certificate_new(key, authority, "other", "DNS:other.example", hour));
	certificates->servers[CERTIFICATE_SELF_SIGNED] = server_context_new(
	    key, certificate_new(key, NULL, "self-signed", "IP:127.0.0.1", hour));
}

static void certificates_clear(struct certificates *certificates)
{
	for (size_t i = 0; i < CERTIFICATE_COUNT; i++)
		SSL_CTX_free(certificates->servers[i]);
	X509_free(certificates->authority);
	EVP_PKEY_free(certificates->key);
	g_assert_cmpint(remove(certificates->ca_file), ==, 0);
	g_free(certificates->ca_file);
}

#endif
