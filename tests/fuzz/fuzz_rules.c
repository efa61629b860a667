/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: the text of a rule file, and expressions taken apart into words.
 */
#include <stdint.h>
#include <string.h>

#include "classifier/rules/literal.h"
#include "classifier/rules/rule_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void free_rule(gpointer rule)
{
	rule_free(rule);
}

static void take_apart(const char *expression)
{
	GArray *literals = literal_expand(expression);

	for (guint i = 0; literals && i < literals->len; i++) {
		const struct literal *literal = &g_array_index(literals, struct literal, i);
		size_t len = strlen(literal->text);
		unsigned text = LITERAL_TEXT_START | LITERAL_TEXT_END;
		if (len < 2 || (text & ~literal_places(literal->text, len, 0, len)) != 0)
			__builtin_trap();
	}
	g_clear_pointer(&literals, g_array_unref);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func(free_rule);
	g_autoptr(GError) error = NULL;
	struct rule_source source = {.name = "fuzz", .text = (const char *)data, .len = size};
	g_autofree char *text = g_strndup((const char *)data, size);

	if (rule_file_parse(&source, rules, &error) != !error)
		__builtin_trap();
	for (guint i = 0; !error && i < rules->len; i++)
		if (!((struct rule *)rules->pdata[i])->reason)
			__builtin_trap();
	take_apart(text);
	return 0;
}
