/* SPDX-License-Identifier: BSD-2-Clause
 *
 * getrandom(2) does not fail once the kernel's pool is filled.
 */
#include "console/session/seal.h"

#include <string.h>
#include <sys/random.h>

#include <glib.h>

enum { BYTES = 32 };

struct seal {
	guchar key[BYTES];
};

static void fill_random(guchar bytes[static BYTES])
{
	if (getrandom(bytes, BYTES, 0) != BYTES)
		g_error("no random numbers");
}

struct seal *seal_new(void)
{
	struct seal *seal = g_new0(struct seal, 1);

	fill_random(seal->key);
	return seal;
}

void seal_free(struct seal *seal)
{
	if (!seal)
		return;
	explicit_bzero(seal->key, sizeof seal->key);
	g_free(seal);
}

char *seal_new_id(void)
{
	guchar bytes[BYTES];
	GString *id = g_string_sized_new(2 * BYTES);

	fill_random(bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		g_string_append_printf(id, "%02x", bytes[i]);
	return g_string_free(id, FALSE);
}

char *seal_mark(const struct seal *seal, const char *purpose, const char *text)
{
	g_autofree char *whole = g_strconcat(purpose, ":", text, NULL);

	return g_compute_hmac_for_string(G_CHECKSUM_SHA256, seal->key, sizeof seal->key, whole, -1);
}

bool seal_is_mark(const struct seal *seal, const char *purpose, const char *text, const char *mark)
{
	g_autofree char *right = seal_mark(seal, purpose, text);
	size_t len = strlen(right);
	unsigned difference = 0;

	if (strlen(mark) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		difference |= (unsigned char)(right[i] ^ mark[i]);
	return difference == 0;
}
