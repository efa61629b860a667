/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is written is read by json-glib as it was given.
 */
#include "base/json_text.h"

#include <json-glib/json-glib.h>

static void check_shape(void)
{
	static const char *const none[] = {NULL};
	static const char *const two[] = {"", "[{", NULL};
	g_autoptr(GString) out = g_string_new(NULL);

	json_text_open(out, NULL, '{');
	json_text_add_number(out, "n", G_MAXUINT64);
	json_text_add_list(out, "none", none);
	json_text_add_list(out, "two", two);
	json_text_open(out, "in", '{');
	json_text_close(out, '}');
	json_text_open(out, "rows", '[');
	for (int i = 0; i < 2; i++) {
		json_text_open(out, NULL, '{');
		json_text_add_flag(out, "is_first", i == 0);
		json_text_close(out, '}');
	}
	json_text_close(out, ']');
	json_text_add(out, "last", "x");
	json_text_close(out, '}');
	g_assert_cmpstr(out->str, ==,
			"{\"n\":18446744073709551615,\"none\":[],\"two\":[\"\",\"[{\"],\"in\":{},"
			"\"rows\":[{\"is_first\":true},{\"is_first\":false}],\"last\":\"x\"}");
}

static void assert_survives(const char *value)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(JsonParser) parser = json_parser_new();

	json_text_open(out, NULL, '[');
	json_text_add(out, NULL, value);
	json_text_close(out, ']');
	for (const char *p = out->str; *p != '\0'; p++)
		g_assert_false(g_ascii_iscntrl(*p));
	g_assert_true(json_parser_load_from_data(parser, out->str, -1, NULL));
	JsonArray *array = json_node_get_array(json_parser_get_root(parser));
	g_assert_cmpstr(json_array_get_string_element(array, 0), ==, value);
}

static void check_strings(void)
{
	for (int c = 1; c < 0x80; c++) {
		const char one[] = {(char)c, '\0'};
		const char within[] = {'a', (char)c, (char)c, 'b', '\0'};

		assert_survives(one);
		assert_survives(within);
	}
	assert_survives("");
	assert_survives("\xC3\xBC\xF0\x9F\x93\xA7 \xE2\x80\xA8");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/json_text/shape", check_shape);
	g_test_add_func("/json_text/strings", check_strings);
	return g_test_run();
}
