/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One pass over the source, with the place in HTML beside it.
 */
#include "console/template/template.h"

#include <string.h>

#include "base/error.h"
#include "console/template/markup.h"

enum { DEPTH_MAX = 8 };

struct parser {
	const char *source;
	const char *at;
	struct markup markup;
	unsigned depth;
	const char *fault; /* the first */
};

static void free_node(void *data)
{
	struct template_node *node = data;

	g_free(node->text);
	g_strfreev(node->more);
	if (node->children)
		g_ptr_array_unref(node->children);
	g_free(node);
}

static void fail_template(struct parser *parser, const char *fault)
{
	if (!parser->fault)
		parser->fault = fault;
}

static struct template_node *add_node(GPtrArray *nodes, enum template_kind kind, char *text)
{
	struct template_node *node = g_new0(struct template_node, 1);

	node->kind = kind;
	node->text = text;
	g_ptr_array_add(nodes, node);
	return node;
}

static bool is_tag_name(const char *text)
{
	return *text != '\0' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text);
}

/* --- what a tag says -------------------------------------------------------------------------- */

/* The text in double quotes at the beginning of *rest, which then points behind it. Heap; NULL
 * where there is none. */
static char *take_quoted(char **rest)
{
	char *begin = g_strchug(*rest);
	char *end = *begin == '"' ? strchr(begin + 1, '"') : NULL;

	if (!end)
		return NULL;
	*rest = end + 1;
	return g_strndup(begin + 1, (gsize)(end - begin - 1));
}

static void add_tag_words(struct parser *parser, GPtrArray *nodes, char *rest)
{
	char *words = take_quoted(&rest);

	if (words)
		add_node(nodes, TEMPLATE_WORDS, words);
	else if (is_tag_name(rest))
		add_node(nodes, TEMPLATE_WORD, g_strdup(rest));
	else
		fail_template(parser, "t: neither words in double quotes nor a name");
}

static void add_count(struct parser *parser, GPtrArray *nodes, char *rest)
{
	char *blank = strchr(rest, ' ');

	if (!blank) {
		fail_template(parser, "n: no forms");
		return;
	}
	*blank = '\0';
	char *forms = blank + 1;
	g_autofree char *one = take_quoted(&forms);
	g_autofree char *many = take_quoted(&forms);
	if (!is_tag_name(rest) || !one || !many) {
		fail_template(parser, "n: not a name and two forms");
		return;
	}
	struct template_node *node = add_node(nodes, TEMPLATE_COUNT, g_strdup(rest));
	node->more = g_new0(char *, 3);
	node->more[0] = g_steal_pointer(&one);
	node->more[1] = g_steal_pointer(&many);
}

/* name=name or name="text"; the latter keeps its first quote as a mark. */
static void add_parameters(struct parser *parser, struct template_node *node, const char *rest)
{
	static const char fault[] = "a parameter is name=name or name=\"text\"";
	g_auto(GStrv) words = g_strsplit_set(rest, " \n", -1);
	g_autoptr(GPtrArray) more = g_ptr_array_new();

	for (char **word = words; *word; word++) {
		char *equals = strchr(*word, '=');

		if (**word == '\0')
			continue;
		if (!equals || equals[1] == '\0') {
			fail_template(parser, fault);
			continue;
		}
		*equals = '\0';
		gsize len = strlen(equals + 1);
		bool is_literal = len > 1 && equals[1] == '"' && equals[len] == '"';
		if (is_literal)
			equals[len] = '\0';
		if (!is_tag_name(*word) || (!is_literal && !is_tag_name(equals + 1)))
			fail_template(parser, fault);
		g_ptr_array_add(more, g_strdup(*word));
		g_ptr_array_add(more, g_strdup(equals + 1));
	}
	g_ptr_array_add(more, NULL);
	node->more = (char **)g_ptr_array_free(g_steal_pointer(&more), FALSE);
}

/* A path of ours: no other host, no other scheme. */
static void add_url(struct parser *parser, GPtrArray *nodes, char *rest)
{
	char *path = take_quoted(&rest);

	if (!path || path[0] != '/' || path[1] == '/' ||
	    strspn(path, "abcdefghijklmnopqrstuvwxyz/-.") != strlen(path)) {
		g_free(path);
		fail_template(parser, "url: the path of a page comes first, in double quotes");
		return;
	}
	if (!markup_takes_url(&parser->markup))
		fail_template(parser, "url: not in an attribute that takes an address");
	add_parameters(parser, add_node(nodes, TEMPLATE_URL, path), rest);
}

/* The one way to an element script: of a file of ours, with nothing in it. */
static void add_script(struct parser *parser, GPtrArray *nodes, char *rest)
{
	g_autofree char *path = take_quoted(&rest);
	const char *name = path && path[0] == '/' ? path + 1 : "";
	gsize len = strspn(name, "abcdefghijklmnopqrstuvwxyz");

	if (len == 0 || strcmp(name + len, ".js") != 0 || *rest != '\0' ||
	    parser->markup.place != MARKUP_TEXT)
		fail_template(parser,
			      "script: not a file of ours, in double quotes, outside of tags");
	else
		add_node(nodes, TEMPLATE_HTML,
			 g_strdup_printf("<script src=\"%s\" defer></script>", path));
}

static void check_place(struct parser *parser)
{
	bool is_safe =
	    parser->markup.place == MARKUP_TEXT ||
	    (parser->markup.place == MARKUP_ATTRIBUTE && !markup_takes_url(&parser->markup));

	if (!is_safe)
		fail_template(parser,
			      "a value may stand in text or in an attribute in double quotes that "
			      "takes no address");
}

static void add_template_value(struct parser *parser, GPtrArray *nodes, char *tag)
{
	static const struct {
		const char *word;
		enum template_kind kind;
	} kinds[] = {{"long ", TEMPLATE_LONG}, {"address ", TEMPLATE_ADDRESS},
		     {"keep ", TEMPLATE_KEEP}, {"time ", TEMPLATE_TIME},
		     {"ago ", TEMPLATE_AGO},   {"number ", TEMPLATE_NUMBER}};
	enum template_kind kind = TEMPLATE_VALUE;
	const char *name = tag;

	check_place(parser);
	if (g_str_has_prefix(tag, "t ")) {
		add_tag_words(parser, nodes, tag + 2);
		return;
	}
	if (g_str_has_prefix(tag, "n ")) {
		add_count(parser, nodes, tag + 2);
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (!g_str_has_prefix(tag, kinds[i].word))
			continue;
		kind = kinds[i].kind;
		name = tag + strlen(kinds[i].word);
	}
	if (!is_tag_name(name))
		fail_template(parser, "an unknown tag");
	if (kind == TEMPLATE_KEEP && parser->markup.place != MARKUP_ATTRIBUTE)
		fail_template(parser, "keep: not in an attribute");
	if (kind == TEMPLATE_ADDRESS && parser->markup.place != MARKUP_TEXT)
		fail_template(parser, "address: not in text");
	add_node(nodes, kind, g_strdup(name));
}

/* --- the order of tags ------------------------------------------------------------------------ */

static void parse_nodes(struct parser *parser, GPtrArray *nodes, const char *section);

static void add_template_section(struct parser *parser, GPtrArray *nodes, char *tag)
{
	struct template_node *node =
	    add_node(nodes, *tag == '#' ? TEMPLATE_SECTION : TEMPLATE_INVERTED, g_strdup(tag + 1));
	enum markup_place place = parser->markup.place;

	node->children = g_ptr_array_new_with_free_func(free_node);
	if (!is_tag_name(node->text) || parser->depth == DEPTH_MAX || place == MARKUP_EQUALS) {
		fail_template(parser, "a section without a name, in too many others, or behind =");
		return;
	}
	parser->depth++;
	parse_nodes(parser, node->children, node->text);
	parser->depth--;
	if (parser->markup.place != place)
		fail_template(parser, "a section ends at another place of a tag than it began");
}

static void add_partial(struct parser *parser, GPtrArray *nodes, const char *tag)
{
	gsize len = strcspn(tag, " \n");
	struct template_node *node = add_node(nodes, TEMPLATE_PARTIAL, g_strndup(tag, len));

	if (!is_tag_name(node->text) || parser->markup.place != MARKUP_TEXT)
		fail_template(parser, "another template without a name, or in a tag");
	add_parameters(parser, node, tag + len);
}

/* False at the end of the section. */
static bool add_tag(struct parser *parser, GPtrArray *nodes, char *tag, const char *section)
{
	switch (*tag) {
	case '!':
		return true;
	case '#':
	case '^':
		add_template_section(parser, nodes, tag);
		return true;
	case '>':
		add_partial(parser, nodes, tag + 1);
		return true;
	case '/':
		if (g_strcmp0(tag + 1, section) != 0)
			fail_template(parser, "the end of a section that is not open");
		return false;
	default:
		if (g_str_has_prefix(tag, "url "))
			add_url(parser, nodes, tag + 4);
		else if (g_str_has_prefix(tag, "script "))
			add_script(parser, nodes, tag + 7);
		else
			add_template_value(parser, nodes, tag);
		return true;
	}
}

static void add_html(struct parser *parser, GPtrArray *nodes, gsize len)
{
	markup_read(&parser->markup, parser->at, len);
	if (parser->markup.refused)
		fail_template(parser, parser->markup.refused);
	if (len > 0)
		add_node(nodes, TEMPLATE_HTML, g_strndup(parser->at, len));
	parser->at += len;
}

/* section is the one that is open; NULL outside of all. */
static void parse_nodes(struct parser *parser, GPtrArray *nodes, const char *section)
{
	while (!parser->fault) {
		const char *begin = strstr(parser->at, "{{");
		const char *end = begin ? strstr(begin, "}}") : NULL;

		add_html(parser, nodes, begin ? (gsize)(begin - parser->at) : strlen(parser->at));
		if (parser->fault || !begin) {
			if (section)
				fail_template(parser, "a section that does not end");
			return;
		}
		if (!end) {
			fail_template(parser, "a tag that does not end");
			return;
		}
		g_autofree char *tag = g_strndup(begin + 2, (gsize)(end - begin - 2));
		parser->at = end + 2;
		if (!add_tag(parser, nodes, g_strstrip(tag), section))
			return;
	}
}

static unsigned template_line_of(const struct parser *parser)
{
	unsigned line = 1;

	for (const char *p = parser->source; p < parser->at; p++)
		line += *p == '\n';
	return line;
}

struct template *template_parse(const char *source, GError **error)
{
	struct parser parser = {.source = source, .at = source};
	g_autoptr(template_t) template = g_new0(struct template, 1);

	template->nodes = g_ptr_array_new_with_free_func(free_node);
	parse_nodes(&parser, template->nodes, NULL);
	if (parser.markup.place != MARKUP_TEXT)
		fail_template(&parser, "the end is inside of a tag");
	if (!parser.fault)
		return g_steal_pointer(&template);
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "line %u: %s", template_line_of(&parser),
		    parser.fault);
	return NULL;
}

void template_free(struct template *template)
{
	if (!template)
		return;
	g_ptr_array_unref(template->nodes);
	g_free(template);
}
