/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which words have letters that only look like others.
 */
#include "base/mixed_alphabets.h"

#include <glib.h>

static void test_mixed(void)
{
	static const struct {
		const char *text;
		bool is_mixed;
	} rows[] = {
	    {"", false},
	    {"anna@customer.example", false},
	    {"Jürg.Møller+x@zürich.example", false},
	    {"Ju\xcc\x88rg@example.org", false}, /* the mark is a letter of its own */
	    {"аnna@customer.example", true},     /* Cyrillic а */
	    {"anna@cuѕtomer.example", true},
	    {"аррӏе@example.org", false}, /* one alphabet: it is beside a Latin domain, not in it */
	    {"mail@аррӏе.com", true},
	    {"иван@пример.рф", false},
	    {"Иван <ivan@example.org>", false},
	    {"Ivаn <ivan@example.org>", true},
	    {"ανna@example.org", true},
	    {"太郎taro@例え.jp", false},
	    {"민수@예시.kr", false},
	    {"太郎аb@例え.jp", true},
	    {"ｐaul@example.org", true}, /* full width */
	    {"𝐩aul@example.org", true},  /* mathematical */
	    {"anna@xn--e1afmkfd.com", false},
	    {"anna@a.example +3", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (mixed_alphabets_in(rows[i].text) != rows[i].is_mixed)
			g_error("\"%s\" is %smixed", rows[i].text, rows[i].is_mixed ? "not " : "");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/alphabets/mixed", test_mixed);
	return g_test_run();
}
