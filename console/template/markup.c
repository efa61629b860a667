/* SPDX-License-Identifier: BSD-2-Clause
 *
 * As little of HTML as our own templates need; what is beyond it is refused.
 */
#include "console/template/markup.h"

#include <string.h>

static bool is_in(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (g_ascii_strcasecmp(*words, word) == 0)
			return true;
	return false;
}

bool markup_takes_url(const struct markup *markup)
{
	static const char *const names[] = {"href",   "src",        "action", "formaction",
					    "cite",   "poster",     "data",   "ping",
					    "srcset", "xlink:href", NULL};

	return markup->place == MARKUP_ATTRIBUTE && is_in(names, markup->name);
}

static void add_letter(char *word, gsize size, char letter)
{
	gsize len = strlen(word);

	if (len + 1 < size) {
		word[len] = letter;
		word[len + 1] = '\0';
	}
}

static void refuse_markup(struct markup *markup, const char *what)
{
	if (!markup->refused)
		markup->refused = what;
}

/* Elements whose content is no text, or that load or redirect. */
static void check_element(struct markup *markup)
{
	static const char *const refused[] = {"script",    "style", "iframe",   "object",
					      "embed",     "base",  "xmp",      "noscript",
					      "plaintext", "math",  "template", NULL};

	markup->is_element = false;
	if (is_in(refused, markup->element))
		refuse_markup(markup, "an element that templates may not have");
}

static void check_attribute(struct markup *markup)
{
	static const char *const refused[] = {"style", "srcdoc", "http-equiv", NULL};

	if (is_in(refused, markup->name) || g_ascii_strncasecmp(markup->name, "on", 2) == 0)
		refuse_markup(markup, "an attribute that templates may not have");
}

static bool is_markup_name(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == ':' || c == '_';
}

static void read_in_tag(struct markup *markup, char c)
{
	if (markup->is_element && (is_markup_name(c) || c == '/' || c == '!')) {
		if (is_markup_name(c))
			add_letter(markup->element, sizeof markup->element, c);
		return;
	}
	if (markup->is_element)
		check_element(markup);
	if (c == '>')
		markup->place = MARKUP_TEXT;
	else if (c == '=')
		markup->place = MARKUP_EQUALS;
	else if (is_markup_name(c))
		add_letter(markup->name, sizeof markup->name, c);
	else
		markup->name[0] = '\0';
	if (c == '"' || c == '\'' || c == '<')
		refuse_markup(markup, "a tag that is not closed");
}

static void begin_tag(struct markup *markup)
{
	markup->place = MARKUP_TAG;
	markup->is_element = true;
	markup->element[0] = '\0';
	markup->name[0] = '\0';
}

static void begin_value(struct markup *markup, char c)
{
	check_attribute(markup);
	markup->place = MARKUP_ATTRIBUTE;
	if (c != '"')
		refuse_markup(markup, "an attribute without double quotes");
}

static void end_value(struct markup *markup)
{
	markup->place = MARKUP_TAG;
	markup->name[0] = '\0';
}

static void read_byte(struct markup *markup, char c)
{
	switch (markup->place) {
	case MARKUP_TEXT:
		if (c == '<')
			begin_tag(markup);
		break;
	case MARKUP_TAG:
		read_in_tag(markup, c);
		break;
	case MARKUP_EQUALS:
		begin_value(markup, c);
		break;
	case MARKUP_ATTRIBUTE:
		if (c == '"')
			end_value(markup);
		break;
	}
}

void markup_read(struct markup *markup, const char *html, gsize len)
{
	for (gsize i = 0; i < len; i++)
		read_byte(markup, html[i]);
}
