/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: any local part. No token is ever valid that token_format did not
 * make, and one that it made is read again.
 *
 *   clang -g -fsanitize=fuzzer,address,undefined -I. $(pkg-config --cflags glib-2.0) \
 *     tests/fuzz/fuzz_token.c db/values/token.c $(pkg-config --libs glib-2.0)
 */
#include <stdlib.h>
#include <string.h>

#include "db/values/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct token_key keys[] = {{.id = 1, .secret = {1}}, {.id = 2, .secret = {2}}};
	char text[TOKEN_DIGITS + 1];
	struct token token;
	char *local_part = malloc(len + 1);

	memcpy(local_part, bytes, len);
	local_part[len] = '\0';
	enum token_state state = token_read(local_part, keys, 2, 20000, &token);
	if (state == TOKEN_VALID || state == TOKEN_EXPIRED)
		abort(); /* 2^-80: the fuzzer does not know how to sign */
	if (state != TOKEN_NONE) {
		token_format(&token, &keys[0], text);
		token.key_id = 1;
		if (token_read(text, keys, 2, 0, &token) != TOKEN_VALID)
			abort();
	}
	free(local_part);
	return 0;
}
