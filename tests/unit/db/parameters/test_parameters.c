/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which recipients the parameters refuse.
 */
#include "db/parameters/parameters.h"

/* Addresses under a prefix or none, with the parameter on. TOKEN is a valid
 * token of key 1, FORGED one that key 1 did not sign, OTHER one of key 2. */
static const struct {
	const char *prefix;
	const char *address;
	bool refused;
} addresses[] = {
    {"bounce+", "bounce+TOKEN@b.example", false},
    {"bounce+", "BOUNCE+TOKEN@b.example", false},
    {"bounce+", "bounce+FORGED@b.example", true},
    {"bounce+", "bounce+OTHER@b.example", false},
    {"bounce+", "bounce+@b.example", true},
    {"bounce+", "bounce+x@b.example", true},
    {"bounce+", "bounce@b.example", false},
    {"bounce+", "postmaster@b.example", false},
    {"bounce+", "FORGED@b.example", false},
    {"bounce+", "\"bounce+x\"@b.example", false},
    {"bounce+", "bounce+x", false},
    {"bounce+", "", false},
    {"bounce+", "bounce+y@c.example+TOKEN@b.example", false},
    {"", "TOKEN@b.example", false},
    {"", "FORGED@b.example", true},
    {"", "postmaster@b.example", false},
};

static char *fill_in(const char *template)
{
	const struct token_key keys[] = {
	    {.id = 1, .secret = {7}}, {.id = 1, .secret = {8}}, {.id = 2, .secret = {9}}};
	static const char *const words[] = {"TOKEN", "FORGED", "OTHER"};
	const struct token token = {.attempt = 1, .expiry_day = 20000, .recipient_id = 5};
	GString *text = g_string_new(template);

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		char value[TOKEN_DIGITS + 1];

		token_format(&token, &keys[i], value);
		g_string_replace(text, words[i], value, 0);
	}
	return g_string_free(text, FALSE);
}

static void test_refused(void)
{
	struct token_key key = {.id = 1, .secret = {7}};

	for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
		g_autofree char *prefix = g_strdup(addresses[i].prefix);
		g_autofree char *address = fill_in(addresses[i].address);
		struct db_parameters parameters = {.refuse_bad_token = true,
						   .return_path_prefix = prefix,
						   .token_keys = &key,
						   .token_key_count = 1};

		g_test_message("%s%s", prefix, address);
		g_assert_true(db_parameters_refuses(&parameters, address) == addresses[i].refused);
		parameters.refuse_bad_token = false;
		g_assert_false(db_parameters_refuses(&parameters, address));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/parameters/refused", test_refused);
	return g_test_run();
}
