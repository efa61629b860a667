/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A key shorter than what the specification asks for is refused: it could be guessed by who has
 * seen one event.
 */
#include "delivery/webhook_signature.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

enum {
	KEY_BYTES_MIN = 24,
	DIGEST_BYTES = 32,
};

static const char prefix[] = "whsec_";

/* NULL: no secret. */
static guchar *decode_secret(const char *secret, gsize *len_out)
{
	if (!g_str_has_prefix(secret, prefix) || secret[sizeof prefix - 1] == '\0')
		return NULL;
	g_autofree guchar *key = g_base64_decode(secret + sizeof prefix - 1, len_out);
	return *len_out < KEY_BYTES_MIN ? NULL : g_steal_pointer(&key);
}

static bool take_secret_line(GPtrArray *secrets, const char *line)
{
	gsize len;
	g_autofree guchar *key = decode_secret(line, &len);

	if (!key)
		return false;
	g_ptr_array_add(secrets, g_strdup(line));
	return true;
}

char **webhook_signature_read_secrets(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) cause = NULL;
	g_autoptr(GPtrArray) secrets = g_ptr_array_new_with_free_func(g_free);

	if (!g_file_get_contents(path, &text, NULL, &cause)) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "webhook_secret_file: %s",
			    cause->message);
		return NULL;
	}
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_strstrip(*line);
		if (**line != '\0' && **line != '#' && !take_secret_line(secrets, *line)) {
			g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
				    "webhook_secret_file: %s: line %d is not whsec_ and Base64 of "
				    "at least %d bytes",
				    path, (int)(line - lines) + 1, KEY_BYTES_MIN);
			return NULL;
		}
	}
	if (secrets->len == 0) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "webhook_secret_file: %s is empty",
			    path);
		return NULL;
	}
	g_ptr_array_add(secrets, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&secrets), FALSE);
}

static char *sign_body(char **secrets, const char *id, const char *timestamp, const char *body)
{
	g_autofree char *text = g_strdup_printf("%s.%s.%s", id, timestamp, body);
	GString *value = g_string_new("");

	for (char **secret = secrets; *secret; secret++) {
		gsize len = 0;
		g_autofree guchar *key = decode_secret(*secret, &len);
		guchar digest[DIGEST_BYTES];
		gsize digest_len = sizeof digest;
		g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA256, key, len);

		g_hmac_update(hmac, (const guchar *)text, -1);
		g_hmac_get_digest(hmac, digest, &digest_len);
		g_autofree char *encoded = g_base64_encode(digest, digest_len);
		g_string_append_printf(value, "%sv1,%s", value->len > 0 ? " " : "", encoded);
	}
	return g_string_free(value, FALSE);
}

char **webhook_signature_headers(char **secrets, const char *id, gint64 now, const char *body)
{
	g_autofree char *timestamp = g_strdup_printf("%" G_GINT64_FORMAT, now);
	g_autofree char *signature = sign_body(secrets, id, timestamp, body);
	char **headers = g_new0(char *, 5);

	headers[0] = g_strdup("Content-Type: application/json");
	headers[1] = g_strdup_printf("webhook-id: %s", id);
	headers[2] = g_strdup_printf("webhook-timestamp: %s", timestamp);
	headers[3] = g_strdup_printf("webhook-signature: %s", signature);
	return headers;
}
