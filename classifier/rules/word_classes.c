/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table of word classes. A class is expanded when it is defined and can refer only
 * to classes defined before it, so there are no cycles.
 *
 *   reference = "{" name "}"        name = a-z *( a-z / 0-9 / "-" )
 */
#include "classifier/rules/word_classes.h"

#include <string.h>

#include "base/error.h"
#include "classifier/rules/pattern_piece.h"

#define NAME_FIRST "abcdefghijklmnopqrstuvwxyz"
#define NAME_REST  NAME_FIRST "0123456789-"

struct word_class {
	char *alternatives;
	char *place;
};

struct word_classes {
	const struct word_classes *parent;
	GHashTable *by_name; /* char * -> struct word_class * */
};

static void word_class_free(gpointer data)
{
	struct word_class *class = data;

	g_free(class->alternatives);
	g_free(class->place);
	g_free(class);
}

struct word_classes *word_classes_new(const struct word_classes *parent)
{
	struct word_classes *classes = g_new0(struct word_classes, 1);

	classes->parent = parent;
	classes->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, word_class_free);
	return classes;
}

void word_classes_free(struct word_classes *classes)
{
	if (!classes)
		return;
	g_hash_table_unref(classes->by_name);
	g_free(classes);
}

/* --- expanding ---------------------------------------------------------- */

static const char *find_alternatives(const struct word_classes *classes, const char *name)
{
	for (; classes; classes = classes->parent) {
		const struct word_class *class = g_hash_table_lookup(classes->by_name, name);
		if (class)
			return class->alternatives;
	}
	return NULL;
}

/* Bytes of a name at text, or 0. */
static size_t name_length(const char *text)
{
	return strspn(text, NAME_FIRST) == 0 ? 0 : strspn(text, NAME_REST);
}

static bool append_class(const struct word_classes *classes, GString *out, const char *name,
			 GError **error)
{
	const char *alternatives = find_alternatives(classes, name);

	if (!alternatives) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "no such word class: {%s}", name);
		return false;
	}
	g_string_append_printf(out, "(?:%s)", alternatives);
	if (out->len <= WORD_CLASSES_PATTERN_MAX)
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "too long with its word classes");
	return false;
}

char *word_classes_expand(const struct word_classes *classes, const char *pattern, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);

	while (*pattern != '\0') {
		size_t name_len = *pattern == '{' ? name_length(pattern + 1) : 0;
		if (name_len == 0 || pattern[1 + name_len] != '}') {
			size_t run = strcspn(pattern, "\\[{");
			size_t len = run > 0 ? run : pattern_piece_length(pattern);
			g_string_append_len(out, pattern, (gssize)len);
			pattern += len;
			continue;
		}
		g_autofree char *name = g_strndup(pattern + 1, name_len);
		if (!append_class(classes, out, name, error))
			return NULL;
		pattern += name_len + 2;
	}
	return g_strdup(out->str);
}

/* --- defining ----------------------------------------------------------- */

static bool reject(GError **error, const char *message)
{
	g_set_error_literal(error, BM_ERROR, BM_ERROR_CONFIG, message);
	return false;
}

/* Whether the plain text of that length at text ends within itself. */
static bool is_complete_class(const char *text, size_t len)
{
	switch (*text) {
	case '\\':
		return len > 1;
	case '[':
		return len > 2 && text[len - 1] == ']';
	default:
		return true;
	}
}

static bool is_balanced(const char *text)
{
	unsigned depth = 0;

	while (*text != '\0') {
		size_t len = pattern_piece_length(text);
		if (!is_complete_class(text, len) || (*text == ')' && depth == 0))
			return false;
		depth += *text == '(';
		depth -= *text == ')';
		text += len;
	}
	return depth == 0;
}

/* Whatever else is wrong is found where the class is used. An open bracket would change
 * what stands around the reference. */
static bool check_alternatives(const char *alternatives, GError **error)
{
	if (strstr(alternatives, " .. ") || strstr(alternatives, " ... "))
		return reject(error, "a word class cannot contain \" .. \" or \" ... \"");
	return is_balanced(alternatives) || reject(error, "brackets that are not closed or opened");
}

bool word_classes_add(struct word_classes *classes, const char *name, const char *alternatives,
		      const char *place, GError **error)
{
	const struct word_class *other = g_hash_table_lookup(classes->by_name, name);

	if (name_length(name) != strlen(name) || *name == '\0')
		return reject(error, "a word class has a name of small letters, digits and dashes");
	if (other) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "is already in %s", other->place);
		return false;
	}
	g_autofree char *expanded = word_classes_expand(classes, alternatives, error);
	if (!expanded || !check_alternatives(expanded, error))
		return false;
	struct word_class *class = g_new(struct word_class, 1);
	class->alternatives = g_steal_pointer(&expanded);
	class->place = g_strdup(place);
	g_hash_table_insert(classes->by_name, g_strdup(name), class);
	return true;
}
