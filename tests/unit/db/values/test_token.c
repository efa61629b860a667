/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Tokens: the vectors that tests/sql/tokens/token_vectors.sql reads too, every bit of
 * one, and what is none.
 */
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "db/values/token.h"

struct vector {
	struct token_key key;
	struct token token;
	const char *text;
};

static void read_secret(const char *hex, uint8_t secret_out[static TOKEN_SECRET_BYTES])
{
	g_assert_cmpuint(strlen(hex), ==, 2 * TOKEN_SECRET_BYTES);
	for (size_t i = 0; i < TOKEN_SECRET_BYTES; i++)
		secret_out[i] = (uint8_t)(g_ascii_xdigit_value(hex[2 * i]) << 4 |
					  g_ascii_xdigit_value(hex[2 * i + 1]));
}

static void check_vector(const struct vector *vector)
{
	char text[TOKEN_DIGITS + 1];
	struct token read;
	int64_t day = vector->token.expiry_day;

	token_format(&vector->token, &vector->key, text);
	g_assert_cmpstr(text, ==, vector->text);
	g_assert_cmpint(token_read(text, &vector->key, 1, day, &read), ==, TOKEN_VALID);
	g_assert_cmpint(token_read(text, &vector->key, 1, day + 1, &read), ==, TOKEN_EXPIRED);
	g_assert_cmpint(token_read(text, &vector->key, 0, day, &read), ==, TOKEN_UNKNOWN_KEY);
	g_assert_cmpuint(read.key_id, ==, vector->key.id);
	g_assert_cmpuint(read.attempt, ==, vector->token.attempt);
	g_assert_cmpuint(read.expiry_day, ==, vector->token.expiry_day);
	g_assert_cmpint(read.recipient_id, ==, vector->token.recipient_id);
}

static void test_vectors(void)
{
	/* tests are run in the root of the tree */
	g_autofree char *contents = NULL;
	unsigned count = 0;

	g_assert_true(g_file_get_contents("tests/vectors/tokens.tsv", &contents, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(contents, "\n", -1);
	for (char **line = lines; *line; line++) {
		if (**line == '#' || **line == '\0')
			continue;
		g_auto(GStrv) field = g_strsplit(*line, "\t", -1);
		g_assert_cmpuint(g_strv_length(field), ==, 6);
		struct vector vector = {
		    .key.id = (uint8_t)atoi(field[0]),
		    .token = {.attempt = (uint8_t)atoi(field[2]),
			      .expiry_day = (uint16_t)atoi(field[3]),
			      .recipient_id = g_ascii_strtoll(field[4], NULL, 10)},
		    .text = field[5]};
		read_secret(field[1], vector.key.secret);
		check_vector(&vector);
		count++;
	}
	g_assert_cmpuint(count, >=, 6);
}

static const struct token_key keys[] = {{.id = 3, .secret = {1, 2, 3}},
					{.id = 4, .secret = {4, 5, 6}}};

/* 22 bytes to digits by the definition, so that bits can be turned over. */
static void flip_bit(char *text, unsigned bit)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned value = (unsigned)(strchr(alphabet, text[bit / 5]) - alphabet);

	text[bit / 5] = alphabet[value ^ (16u >> bit % 5)];
}

static void test_every_bit_counts(void)
{
	const struct token token = {.attempt = 2, .expiry_day = 20000, .recipient_id = 77};
	char text[TOKEN_DIGITS + 1];
	struct token read;

	token_format(&token, &keys[0], text);
	for (unsigned bit = 0; bit < 5 * TOKEN_DIGITS; bit++) {
		flip_bit(text, bit);
		enum token_state state = token_read(text, keys, G_N_ELEMENTS(keys), 19000, &read);
		g_test_message("bit %u: %d", bit, (int)state);
		if (bit >= 176)
			g_assert_cmpint(state, ==, TOKEN_NONE); /* stray bits at the end */
		else if (bit < 8)
			g_assert_true(state == TOKEN_UNKNOWN_KEY || state == TOKEN_FORGED);
		else
			g_assert_cmpint(state, ==, TOKEN_FORGED);
		flip_bit(text, bit);
	}
	g_assert_cmpint(token_read(text, keys, G_N_ELEMENTS(keys), 19000, &read), ==, TOKEN_VALID);
}

static void test_key_of_another_id(void)
{
	const struct token token = {.attempt = 1, .expiry_day = 20000, .recipient_id = 1};
	struct token_key liar = keys[0];
	char text[TOKEN_DIGITS + 1];
	struct token read;

	liar.id = 4;
	token_format(&token, &liar, text);
	g_assert_cmpint(token_read(text, keys, G_N_ELEMENTS(keys), 1, &read), ==, TOKEN_FORGED);
}

static void test_prefix_and_case(void)
{
	static const char *const prefixes[] = {
	    "", "bounce+", "b-", "bounce=", "B", "prvs=1234=", "aaaaaaaa"};
	const struct token token = {.attempt = 1, .expiry_day = 20000, .recipient_id = 99};
	char text[TOKEN_DIGITS + 1];

	token_format(&token, &keys[1], text);
	for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		g_autofree char *local = g_strconcat(prefixes[i], text, NULL);
		g_autofree char *upper = g_ascii_strup(local, -1);
		struct token read;

		g_assert_cmpint(token_read(local, keys, G_N_ELEMENTS(keys), 20000, &read), ==,
				TOKEN_VALID);
		g_assert_cmpint(token_read(upper, keys, G_N_ELEMENTS(keys), 20000, &read), ==,
				TOKEN_VALID);
		g_assert_cmpint(read.recipient_id, ==, 99);
	}
}

static void test_no_token(void)
{
	static const char *const rows[] = {
	    "",
	    "bounce",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",               /* 35 */
	    "bounce+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1a",       /* foreign digit */
	    "bounce+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",       /* stray bit */
	    "bounce+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9", /* not ASCII */
	    "bounce+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=",      /* something behind it */
	};
	struct token read;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_test_message("%s", rows[i]);
		g_assert_cmpint(token_read(rows[i], keys, G_N_ELEMENTS(keys), 1, &read), ==,
				TOKEN_NONE);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/token/vectors", test_vectors);
	g_test_add_func("/token/every-bit-counts", test_every_bit_counts);
	g_test_add_func("/token/key-of-another-id", test_key_of_another_id);
	g_test_add_func("/token/prefix-and-case", test_prefix_and_case);
	g_test_add_func("/token/none", test_no_token);
	return g_test_run();
}
