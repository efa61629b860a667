/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The token in a signed return path, as sql/0004_tokens.sql makes it. Pure:
 * keys and day are parameters. Reading takes the same time wherever a
 * signature begins to differ.
 */
#ifndef DB_VALUES_TOKEN_H
#define DB_VALUES_TOKEN_H

#include <stddef.h>
#include <stdint.h>

enum {
	TOKEN_DIGITS = 36,       /* base32 characters of a token */
	TOKEN_SECRET_BYTES = 32, /* of a key */
};

struct token_key {
	uint8_t id;
	uint8_t secret[TOKEN_SECRET_BYTES];
};

/* What a token says; only to be believed of TOKEN_VALID and TOKEN_EXPIRED. */
struct token {
	uint8_t key_id;
	uint8_t attempt;
	uint16_t expiry_day; /* days since 1970-01-01, the last on which it counts */
	int64_t recipient_id;
};

enum token_state {
	TOKEN_NONE,        /* the text does not end in a token */
	TOKEN_UNKNOWN_KEY, /* has the form of one; its key is not among ours */
	TOKEN_FORGED,      /* names a key of ours, which did not sign it */
	TOKEN_EXPIRED,     /* ours, beyond its last day */
	TOKEN_VALID,
};

/* Reads the token at the end of a local part: behind any delimiter or none, in
 * any case. today in days since 1970-01-01 UTC. *token_out is set unless the
 * state is TOKEN_NONE. */
enum token_state token_read(const char *local_part, const struct token_key *keys, size_t key_count,
			    int64_t today, struct token *token_out);

/* Writes a signed token and a NUL. */
void token_format(const struct token *token, const struct token_key *key,
		  char text_out[static TOKEN_DIGITS + 1]);

#endif
