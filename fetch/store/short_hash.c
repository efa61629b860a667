/* SPDX-License-Identifier: BSD-2-Clause
 *
 * GLib does it.
 */
#include "fetch/store/short_hash.h"

#include <string.h>

gint64 short_hash_of(const void *bytes, size_t len)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize digest_len = sizeof digest;
	gint64 number;

	g_checksum_update(checksum, bytes, (gssize)len);
	g_checksum_get_digest(checksum, digest, &digest_len);
	memcpy(&number, digest, sizeof number);
	return number;
}
