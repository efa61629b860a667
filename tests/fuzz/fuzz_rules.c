/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: the text of a rule file, and expressions taken apart into words.
 */
#include <stdint.h>
#include <string.h>

#include "classifier/pattern/literal.h"
#include "classifier/rules/rule_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void free_rule(gpointer rule)
{
	rule_free(rule);
}

static void take_apart(const char *expression)
{
	g_auto(GStrv) words = literal_expand(expression);

	for (char **word = words; words && *word; word++)
		if (strlen(*word) < 2)
			__builtin_trap();
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
