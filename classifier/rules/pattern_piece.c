/* SPDX-License-Identifier: BSD-2-Clause */
#include "classifier/rules/pattern_piece.h"

#include <string.h>

static size_t escape_length(const char *text)
{
	const char *end = NULL;

	if (text[1] == '\0')
		return 1;
	if (strchr("gkNopPx", text[1]) && text[2] == '{')
		end = strchr(text, '}');
	return end ? (size_t)(end - text) + 1 : 2;
}

static size_t bracket_length(const char *text)
{
	size_t len = 1;

	len += text[len] == '^';
	len += text[len] == ']';
	while (text[len] != '\0' && text[len] != ']')
		len += text[len] == '\\' ? escape_length(text + len) : 1;
	return len + (text[len] == ']');
}

size_t pattern_piece_length(const char *text)
{
	switch (*text) {
	case '\\':
		return escape_length(text);
	case '[':
		return bracket_length(text);
	default:
		return 1;
	}
}
