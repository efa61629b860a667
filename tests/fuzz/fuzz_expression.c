/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: the first line as an expression, looked for in the rest; the ends come in order
 * and lie in the text.
 */
#include <stdint.h>
#include <string.h>

#include "classifier/pattern/dfa.h"
#include "classifier/pattern/expression.h"

/* A scan is linear, but under sanitizers slow. */
#define TEXT_MAX 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	size_t last;
	size_t len;
};

static void note(unsigned id, size_t end, void *data)
{
	struct seen *seen = data;

	if (id != 0 || end < seen->last || end > seen->len)
		__builtin_trap();
	seen->last = end;
}

static void scan(const struct nfa *nfa, const char *text)
{
	struct dfa *dfa = dfa_new(nfa);
	struct seen seen = {.len = MIN(strlen(text), TEXT_MAX)};

	dfa_scan(dfa, text, seen.len, note, &seen);
	dfa_free(dfa);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *input = g_utf8_make_valid((const char *)data, (gssize)size);
	char *line = strchr(input, '\n');
	g_autoptr(nfa_t) nfa = nfa_new();
	g_autoptr(GError) error = NULL;
	bool is_approximate = false;

	if (!line)
		return 0;
	*line = '\0';
	bool is_added = expression_add(nfa, input, 0, &is_approximate, &error);
	if (is_added == !!error)
		__builtin_trap();
	if (!is_added)
		return 0;
	nfa_finish(nfa);
	scan(nfa, line + 1);
	return 0;
}
