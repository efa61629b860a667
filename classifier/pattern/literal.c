/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The part of PCRE that is expanded:
 *   list  = words *( "|" words )
 *   words = *( atom [ "?" ] )
 *   atom  = "(" [ "?:" ] list ")" / "[" 1*char "]" / "\b" / "^" / "$" / "\" punctuation / char
 */
#include "classifier/pattern/literal.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "classifier/text/text.h"

/* Stand for the assertions in a word that is being built. */
enum mark {
	MARK_BOUNDARY = 1,
	MARK_START = 2,
	MARK_END = 3,
};

static GPtrArray *parse_list(const char **at);

static GPtrArray *words_new(void)
{
	return g_ptr_array_new_with_free_func(g_free);
}

static GPtrArray *literal_words_of(const char *text, size_t len)
{
	GPtrArray *words = words_new();

	g_ptr_array_add(words, g_strndup(text, len));
	return words;
}

/* Every word of head followed by every word of tail; frees both. NULL if too many. */
static GPtrArray *join(GPtrArray *head, GPtrArray *tail)
{
	GPtrArray *words = head->len * tail->len <= LITERAL_WORDS_MAX ? words_new() : NULL;

	for (guint i = 0; words && i < head->len; i++)
		for (guint j = 0; j < tail->len; j++)
			g_ptr_array_add(words, g_strconcat(head->pdata[i], tail->pdata[j], NULL));
	g_ptr_array_unref(head);
	g_ptr_array_unref(tail);
	return words;
}

static GPtrArray *parse_group(const char **at)
{
	*at += g_str_has_prefix(*at, "(?:") ? strlen("(?:") : 1;
	if (**at == '?' || **at == '*')
		return NULL;
	GPtrArray *words = parse_list(at);
	if (!words || **at != ')') {
		g_clear_pointer(&words, g_ptr_array_unref);
		return NULL;
	}
	(*at)++;
	return words;
}

/* "[sz]", without ranges, negation and escapes */
static GPtrArray *parse_class(const char **at)
{
	const char *end = strchr(*at + 1, ']');
	GPtrArray *words = NULL;

	if (!end || end == *at + 1 || (*at)[1] == '^' || memchr(*at, '\\', (size_t)(end - *at)))
		return NULL;
	words = words_new();
	for (const char *c = *at + 1; c < end; c = g_utf8_next_char(c)) {
		if (*c == '-' && c > *at + 1 && c + 1 < end) {
			g_ptr_array_unref(words);
			return NULL;
		}
		g_ptr_array_add(words, g_strndup(c, (gsize)(g_utf8_next_char(c) - c)));
	}
	*at = end + 1;
	return words;
}

static GPtrArray *parse_escape(const char **at)
{
	char c = (*at)[1];
	char mark = MARK_BOUNDARY;

	if (c != 'b' && !g_ascii_ispunct(c))
		return NULL;
	*at += 2;
	return literal_words_of(c == 'b' ? &mark : &c, 1);
}

static GPtrArray *parse_char(const char **at)
{
	const char *from = *at;

	*at = g_utf8_next_char(from);
	return literal_words_of(from, (size_t)(*at - from));
}

static GPtrArray *parse_atom(const char **at)
{
	static const char start = MARK_START, end = MARK_END;

	switch (**at) {
	case '(':
		return parse_group(at);
	case '[':
		return parse_class(at);
	case '\\':
		return parse_escape(at);
	case '^':
		(*at)++;
		return literal_words_of(&start, 1);
	case '$':
		(*at)++;
		return literal_words_of(&end, 1);
	case '.':
	case '*':
	case '+':
	case '?':
	case '{':
		return NULL;
	default:
		return parse_char(at);
	}
}

static GPtrArray *parse_item(const char **at)
{
	GPtrArray *words = parse_atom(at);

	if (!words)
		return NULL;
	if (**at == '?') {
		(*at)++;
		g_ptr_array_add(words, g_strdup(""));
	}
	if (**at == '*' || **at == '+' || **at == '?' || **at == '{') {
		g_ptr_array_unref(words);
		return NULL;
	}
	return words;
}

static GPtrArray *parse_words(const char **at)
{
	GPtrArray *words = literal_words_of("", 0);

	while (words && **at != '\0' && **at != '|' && **at != ')') {
		GPtrArray *item = parse_item(at);
		if (!item) {
			g_ptr_array_unref(words);
			return NULL;
		}
		words = join(words, item);
	}
	return words;
}

static GPtrArray *parse_list(const char **at)
{
	GPtrArray *words = parse_words(at);

	while (words && **at == '|') {
		(*at)++;
		GPtrArray *more = parse_words(at);
		if (!more || words->len + more->len > LITERAL_WORDS_MAX) {
			g_clear_pointer(&more, g_ptr_array_unref);
			g_ptr_array_unref(words);
			return NULL;
		}
		g_ptr_array_extend_and_steal(words, more);
	}
	return words;
}

/* --- marks to flags ----------------------------------------------------- */

static bool is_mark(char c)
{
	return (unsigned char)c <= MARK_END;
}

/* As the automaton has it: letters beyond ASCII are no letters to "\\b". */
static bool is_word_char(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

/* A mark within the word is settled here: "user\b name" always holds,
 * "user\bname" never. */
static bool settle_inner(const char *text, size_t i)
{
	return text[i] == MARK_BOUNDARY && i > 0 && !is_mark(text[i - 1]) &&
	       !is_mark(text[i + 1]) && is_word_char(text[i - 1]) != is_word_char(text[i + 1]);
}

/* The word without its marks; NULL if it can never match, or is not of the kind that is
 * handled. */
static char *to_literal(const char *word)
{
	g_autoptr(GString) text = g_string_new(NULL);
	size_t len = strlen(word);
	size_t from = len > 0 && is_mark(word[0]);

	if (from == 1 && word[0] == MARK_END)
		return NULL;
	if (len > from && is_mark(word[len - 1]) && word[--len] == MARK_START)
		return NULL;
	for (size_t i = from; i < len; i++) {
		if (!is_mark(word[i]))
			g_string_append_c(text, word[i]);
		else if (!settle_inner(word, i))
			return NULL;
	}
	return text->len < 2 ? NULL : text_lower_in_place(g_strdup(text->str));
}

char **literal_expand(const char *expression)
{
	const char *at = expression;

	if (!g_utf8_validate(expression, -1, NULL))
		return NULL;
	g_autoptr(GPtrArray) words = parse_list(&at);
	if (!words || *at != '\0')
		return NULL;
	g_auto(GStrv) literals = g_new0(char *, words->len + 1);
	for (guint i = 0; i < words->len; i++) {
		literals[i] = to_literal(words->pdata[i]);
		if (!literals[i])
			return NULL;
	}
	return g_steal_pointer(&literals);
}
