/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: the words of the first line, looked for in the rest; what is found
 * is what a search for each finds.
 */
#include <stdint.h>
#include <string.h>

#include "classifier/text/word_set.h"

/* The search for each is slow. */
#define WORDS_MAX 50
#define TEXT_MAX  500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(unsigned id, size_t end, void *data)
{
	(void)id;
	if (end == 0)
		__builtin_trap();
	++*(size_t *)data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *input = g_ascii_strdown((const char *)data, (gssize)size);
	char *line = strchr(input, '\n');
	g_autoptr(word_set_t) set = word_set_new();
	g_auto(GStrv) words = NULL;
	size_t found = 0, expected = 0;

	if (!line)
		return 0;
	*line = '\0';
	const char *text = line + 1;
	words = g_strsplit(input, " ", WORDS_MAX);
	if (strlen(text) > TEXT_MAX)
		line[1 + TEXT_MAX] = '\0';
	unsigned next = 0;
	for (char **word = words; *word; word++) {
		if (**word == '\0' || word_set_add(set, *word) != next)
			continue; /* nothing, or a word that is there already */
		next++;
		for (const char *at = text; (at = strstr(at, *word)) != NULL; at++)
			expected++;
	}
	word_set_compile(set);
	word_set_scan(set, text, strlen(text), count, &found);
	if (found != expected)
		__builtin_trap();
	return 0;
}
