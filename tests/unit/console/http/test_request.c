/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a browser sends: forms, cookies, where a form comes from.
 */
#include "console/http/request.h"

#include <string.h>

#include "base/error.h"

static void test_form(void)
{
	static const char bytes[] = "a=1&b=%C3%A4+%26&a=2&&c&=x&d=a=b&e=";
	g_autoptr(form_t) form = form_parse(bytes, strlen(bytes), NULL);

	g_assert_nonnull(form);
	g_assert_cmpstr(form_get(form, "a"), ==, "1");
	g_assert_cmpstr(form_get(form, "b"), ==, "\xc3\xa4 &");
	g_assert_cmpstr(form_get(form, "d"), ==, "a=b");
	g_assert_cmpstr(form_get(form, "c"), ==, "");
	g_assert_null(form_find(form, "e"));
	g_assert_null(form_find(form, "z"));
	g_autofree const char **all = form_all(form, "a");
	g_assert_cmpstr(all[0], ==, "1");
	g_assert_cmpstr(all[1], ==, "2");
	g_assert_null(all[2]);
}

static void test_refused(void)
{
	g_autoptr(GString) many = g_string_new(NULL);
	static const struct {
		const char *bytes;
		gsize len;
	} rows[] = {{"a=%", 3}, {"a=%4", 4},       {"a=%zz", 5},   {"a=%00", 5},
		    {"%ff", 3}, {"a=\xc3\x28", 4}, {"a=x\0y=1", 8}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(form_parse(rows[i].bytes, rows[i].len, &error));
		g_assert_error(error, BM_ERROR, BM_ERROR_INPUT);
	}
	for (unsigned i = 0; i <= FORM_FIELDS_MAX; i++)
		g_string_append(many, "a=1&");
	g_assert_null(form_parse(many->str, many->len, NULL));
}

static void test_host(void)
{
	static const struct {
		const char *host, *names;
		bool is_for_us;
	} rows[] = {
	    {"any", "", true},
	    {NULL, " ", true},
	    {"b.example", "a.example  b.example", true},
	    {"B.Example:8025", "b.example", true},
	    {"[::1]:8025", "[::1]", true},
	    {"[::1", "[::1]", false},
	    {"xb.example", "b.example", false},
	    {"b.example.evil", "b.example", false},
	    {"", "b.example", false},
	    {":8025", "a  b", false},
	    {NULL, "b.example", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_true(request_is_for(rows[i].host, rows[i].names) == rows[i].is_for_us);
}

static void test_is_host(void)
{
	static const char *const hosts[] = {"a",     "A-b.example:8025", "a:",  "192.0.2.1:80",
					    "[::1]", "[2001:db8::1]:80", "a%41"};
	static const char *const others[] = {"a b", "a/b",  "a@b",    "a:8o",  "a:1:2",
					     "::1", "[::1", "[::1]8", "[a/b]", "a\"",
					     "a\\", "\xff", "a\tb"};

	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++)
		g_assert_true(request_is_host(hosts[i]));
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
		g_assert_false(request_is_host(others[i]));
}

static void test_cookie(void)
{
	static const struct {
		const char *field, *value;
	} rows[] = {
	    {"", NULL},        {"id=7", "7"},        {"a=1; id=7; b=2", "7"},
	    {"a=1;id=7", "7"}, {"xid=8; id=7", "7"}, {"idx=8", NULL},
	    {"id", NULL},      {"id=7; id=8", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct request request = {.cookie = (char *)rows[i].field};
		g_autofree char *value = request_cookie(&request, "id");

		g_assert_cmpstr(value, ==, rows[i].value);
	}
}

static void test_elsewhere(void)
{
	static const struct {
		const char *site, *origin, *host;
		bool is_elsewhere;
	} rows[] = {
	    {NULL, NULL, "a", false},
	    {"same-origin", NULL, "a", false},
	    {"none", NULL, "a", false},
	    {"cross-site", NULL, "a", true},
	    {"same-site", "https://a", "a", true},
	    {NULL, "http://a:80", "a:80", false},
	    {NULL, "http://b", "a", true},
	    {NULL, "http://b", NULL, true},
	    {NULL, "null", "a", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpint(
		    request_is_from_elsewhere(rows[i].site, rows[i].origin, rows[i].host), ==,
		    rows[i].is_elsewhere);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/request/form", test_form);
	g_test_add_func("/request/refused", test_refused);
	g_test_add_func("/request/cookie", test_cookie);
	g_test_add_func("/request/host", test_host);
	g_test_add_func("/request/is-host", test_is_host);
	g_test_add_func("/request/elsewhere", test_elsewhere);
	return g_test_run();
}
