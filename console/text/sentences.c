/* SPDX-License-Identifier: BSD-2-Clause
 *
 * STX, the mark, the words with gaps, US and a part for each gap, ETX. Sentences are not in one
 * another. What is no such thing is left as it is.
 */
#include "console/text/sentences.h"

#include <string.h>

#include "console/text/times.h"

enum { PARTS_MAX = 20 };

static const char begin_mark[] = "\x02";
static const char end_mark[] = "\x03";
static const char part_mark[] = "\x1f";

static const char *look_up(const struct catalogue *catalogue, const char *text)
{
	return catalogue ? catalogue_text(catalogue, text) : text;
}

/* "resolved: done" is what a catalogue has for done. */
static char *write_resolution(const struct catalogue *catalogue, const char *part)
{
	g_autofree char *key = g_strconcat("resolved: ", part, NULL);
	const char *text = look_up(catalogue, key);

	return g_strdup(text == key ? part : text);
}

static char *write_time(const struct catalogue *catalogue, const char *part)
{
	char *text = catalogue ? times_written(catalogue, part) : NULL;

	return text ? text : g_strdup(part);
}

static char *write_part(const struct catalogue *catalogue, char kind, const char *part)
{
	switch (kind) {
	case 'w':
		return g_strdup(look_up(catalogue, part));
	case 'r':
		return write_resolution(catalogue, part);
	case 't':
		return write_time(catalogue, part);
	default:
		return g_strdup(part);
	}
}

static const char *next_gap(const char *words)
{
	for (; *words != '\0'; words++)
		if (words[0] == '%' && words[1] != '\0' && strchr("swrt", words[1]))
			return words;
	return NULL;
}

/* A gap too many is empty. */
static void append_sentence(const struct catalogue *catalogue, const char *sentence, GString *out)
{
	g_auto(GStrv) parts = g_strsplit(sentence, part_mark, PARTS_MAX);
	const char *words = parts[0] ? look_up(catalogue, parts[0]) : "";
	char **part = parts[0] ? parts + 1 : parts;

	for (const char *gap = next_gap(words); gap; gap = next_gap(words)) {
		g_autofree char *text = *part ? write_part(catalogue, gap[1], *part++) : NULL;

		g_string_append_len(out, words, gap - words);
		g_string_append(out, text ? text : "");
		words = gap + 2;
	}
	g_string_append(out, words);
}

char *sentences_told(const struct catalogue *catalogue, const char *mark, const char *text)
{
	g_autofree char *begin = g_strconcat(begin_mark, mark, NULL);
	const char *found = text ? strstr(text, begin) : NULL;

	if (!found || *mark == '\0')
		return g_strdup(text);
	GString *out = g_string_new(NULL);
	for (; found; found = strstr(text, begin)) {
		const char *words = found + strlen(begin);
		const char *end = strstr(words, end_mark);
		g_autofree char *sentence =
		    end ? g_strndup(words, (gsize)(end - words)) : g_strdup(words);

		g_string_append_len(out, text, found - text);
		append_sentence(catalogue, sentence, out);
		text = end ? end + strlen(end_mark) : words + strlen(words);
	}
	g_string_append(out, text);
	return g_string_free(out, FALSE);
}
