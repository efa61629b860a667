/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where in HTML a template is: so that a value can stand only where escaping makes it safe, in
 * text and in an attribute in double quotes, and an address of a page only in an attribute that
 * takes one.
 */
#ifndef CONSOLE_TEMPLATE_MARKUP_H
#define CONSOLE_TEMPLATE_MARKUP_H

#include <stdbool.h>

#include <glib.h>

enum markup_place {
	MARKUP_TEXT,
	MARKUP_TAG,       /* inside of a tag, outside of values */
	MARKUP_EQUALS,    /* behind the = of an attribute */
	MARKUP_ATTRIBUTE, /* in the double quotes of an attribute */
};

struct markup {
	enum markup_place place;
	char name[32];       /* of the attribute */
	bool is_element;     /* the name of an element is being read */
	char element[32];    /* being read, or the last one */
	const char *refused; /* the first thing that may not be in a template; NULL: nothing */
};

/* Goes on over a piece of a template's own HTML. */
void markup_read(struct markup *markup, const char *html, gsize len);

/* Whether the attribute that is being written takes an address: href, action and the like. */
bool markup_takes_url(const struct markup *markup);

#endif
