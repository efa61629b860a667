/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SHA-256 by OpenSSL.
 */
#include "classifier/read/digest.h"

#include <string.h>

#include <glib.h>
#include <openssl/evp.h>

/* What follows the first empty line, LF or CR LF; all if there is none. */
static const char *body_start(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	for (const char *at = bytes; (at = memchr(at, '\n', (size_t)(end - at)));) {
		at++;
		if (at < end && *at == '\n')
			return at + 1;
		if (end - at > 1 && at[0] == '\r' && at[1] == '\n')
			return at + 2;
	}
	return bytes;
}

void digest_of_body(const char *bytes, size_t len, char digest_out[DIGEST_SIZE])
{
	const char *body = body_start(bytes, len);
	size_t body_len = len - (size_t)(body - bytes);
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned sum_len = 0;
	/* GLib's own is a sixth of all the time that a report takes; it serves where OpenSSL will
	 * not */
	if (EVP_Digest(body, body_len, sum, &sum_len, EVP_sha256(), NULL) != 1) {
		g_autofree char *hex =
		    g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)body, body_len);
		g_strlcpy(digest_out, hex, DIGEST_SIZE);
		return;
	}
	for (size_t i = 0; i < sum_len && 2 * i + 2 < DIGEST_SIZE; i++) {
		digest_out[2 * i] = "0123456789abcdef"[sum[i] >> 4];
		digest_out[2 * i + 1] = "0123456789abcdef"[sum[i] & 15];
	}
}
