/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Signed return paths: base32, HMAC and the fields in between.
 *
 *   token   = base32( payload signature )
 *   payload = key-id[1] attempt[1] expiry-day[2] recipient-id[8]      big-endian
 *   signature = the first 10 bytes of HMAC-SHA-256 (RFC 2104) over the payload
 *
 * base32 is RFC 4648 section 6 without padding; 36 characters hold 22 bytes and
 * 4 bits, which must be zero. That survives the case folding of a local part,
 * which has at most 64 octets (RFC 5321 section 4.5.3.1.1).
 */
#include "db/values/token.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

enum { PAYLOAD_BYTES = 12, SIGNATURE_BYTES = 10, TOKEN_BYTES = PAYLOAD_BYTES + SIGNATURE_BYTES };

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

/* -1: not a digit. By comparison, not by a look-up that depends on a locale. */
static int digit_value(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

static bool base32_decode(const char *digits, uint8_t bytes_out[static TOKEN_BYTES])
{
	unsigned held = 0; /* bits not written yet, the last ones read lowest */
	unsigned bits = 0;
	size_t count = 0;

	for (size_t i = 0; i < TOKEN_DIGITS; i++) {
		int value = digit_value(digits[i]);

		if (value < 0)
			return false;
		held = (held << 5 | (unsigned)value) & 0xfff;
		bits += 5;
		if (bits < 8)
			continue;
		bits -= 8;
		bytes_out[count++] = (uint8_t)(held >> bits);
	}
	return (held & ((1u << bits) - 1)) == 0;
}

static void base32_encode(const uint8_t bytes[static TOKEN_BYTES],
			  char digits_out[static TOKEN_DIGITS + 1])
{
	for (size_t i = 0; i < TOKEN_DIGITS; i++) {
		size_t at = i * 5 / 8; /* the digit lies within the two bytes that begin here */
		unsigned pair =
		    (unsigned)bytes[at] << 8 | (at + 1 < TOKEN_BYTES ? bytes[at + 1] : 0);

		digits_out[i] = alphabet[pair >> (11 - i * 5 % 8) & 31];
	}
	digits_out[TOKEN_DIGITS] = '\0';
}

static void sign_payload(const struct token_key *key, const uint8_t *payload,
			 uint8_t signature_out[static SIGNATURE_BYTES])
{
	uint8_t digest[32];
	gsize len = sizeof digest;
	GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, key->secret, sizeof key->secret);

	g_hmac_update(hmac, payload, PAYLOAD_BYTES);
	g_hmac_get_digest(hmac, digest, &len);
	g_hmac_unref(hmac);
	memcpy(signature_out, digest, SIGNATURE_BYTES);
}

/* Looks at every byte: the time tells nothing of where they differ. */
static bool is_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	volatile uint8_t difference = 0;

	for (size_t i = 0; i < len; i++)
		difference = (uint8_t)(difference | (a[i] ^ b[i]));
	return difference == 0;
}

static const struct token_key *find_token_key(const struct token_key *keys, size_t count,
					      uint8_t id)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i].id == id)
			return &keys[i];
	return NULL;
}

static struct token read_payload(const uint8_t *bytes)
{
	uint64_t id = 0;

	for (size_t i = 4; i < PAYLOAD_BYTES; i++)
		id = id << 8 | bytes[i];
	return (struct token){.key_id = bytes[0],
			      .attempt = bytes[1],
			      .expiry_day = (uint16_t)(bytes[2] << 8 | bytes[3]),
			      .recipient_id = (int64_t)id};
}

enum token_state token_read(const char *local_part, const struct token_key *keys, size_t key_count,
			    int64_t today, struct token *token_out)
{
	size_t len = strlen(local_part);
	uint8_t bytes[TOKEN_BYTES];
	uint8_t signature[SIGNATURE_BYTES];

	if (len < TOKEN_DIGITS || !base32_decode(local_part + len - TOKEN_DIGITS, bytes))
		return TOKEN_NONE;
	*token_out = read_payload(bytes);
	const struct token_key *key = find_token_key(keys, key_count, token_out->key_id);
	if (!key)
		return TOKEN_UNKNOWN_KEY;
	sign_payload(key, bytes, signature);
	if (!is_equal(signature, bytes + PAYLOAD_BYTES, SIGNATURE_BYTES))
		return TOKEN_FORGED;
	return token_out->expiry_day < today ? TOKEN_EXPIRED : TOKEN_VALID;
}

void token_format(const struct token *token, const struct token_key *key,
		  char text_out[static TOKEN_DIGITS + 1])
{
	uint8_t bytes[TOKEN_BYTES] = {key->id, token->attempt, (uint8_t)(token->expiry_day >> 8),
				      (uint8_t)token->expiry_day};

	for (size_t i = 0; i < 8; i++)
		bytes[4 + i] = (uint8_t)((uint64_t)token->recipient_id >> (56 - 8 * i));
	sign_payload(key, bytes, bytes + PAYLOAD_BYTES);
	base32_encode(bytes, text_out);
}
