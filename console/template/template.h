/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The templates of the pages: HTML with tags in double braces. No tag writes anything unescaped,
 * and no other way to write HTML exists.
 *
 *   {{! a remark }}
 *   {{name}}                    a text, in one line, cut when it is very long
 *   {{long name}}               a text with its lines
 *   {{address name}}            an address in one line, with a word beside it where its letters are
 *                               not what they seem; in text only
 *   {{keep name}}               a text to the byte, for a field that sends it back unseen; in an
 *                               attribute only
 *   {{time name}}               a time of the database, as the language writes it
 *   {{ago name}}                how long ago a time of the database was, or in what time it will be
 *   {{number name}}             a number as the language writes it
 *   {{t "Log in"}}              our own words, in the language of the reader; {name} in them is
 *                               that text
 *   {{t name}}                  a word of the database (a kind, a state), in the reader's language
 *   {{n count "{count} task" "{count} tasks"}}     the form for so many
 *   {{url "/task" id=task_id}}  the address of a page of ours; what is empty is left out
 *   {{script "/keys.js"}}       the element script of a file of ours; there is no other way to one
 *   {{#name}} ... {{/name}}     once for each row of the list, or once if there is such a text
 *   {{^name}} ... {{/name}}     if there is neither
 *   {{>name}}                   another template
 *   {{>name id="x" at=time}}    the same, in which these are set, as the parameters of an address
 *
 * A name is looked for in the row, then in what the row is in.
 */
#ifndef CONSOLE_TEMPLATE_TEMPLATE_H
#define CONSOLE_TEMPLATE_TEMPLATE_H

#include <glib.h>

enum template_kind {
	TEMPLATE_HTML,
	TEMPLATE_VALUE,
	TEMPLATE_LONG,
	TEMPLATE_ADDRESS,
	TEMPLATE_KEEP,
	TEMPLATE_TIME,
	TEMPLATE_AGO,
	TEMPLATE_NUMBER,
	TEMPLATE_WORDS,
	TEMPLATE_WORD,
	TEMPLATE_COUNT,
	TEMPLATE_URL,
	TEMPLATE_SECTION,
	TEMPLATE_INVERTED,
	TEMPLATE_PARTIAL,
};

struct template_node {
	enum template_kind kind;
	char *text;  /* HTML, a name, words, or the path of an address */
	char **more; /* the forms of a count; "name", "value" ... of an address or of another
		      * template; else NULL */
	GPtrArray *children; /* of a section */
};

struct template
{
	GPtrArray *nodes;
};

/* NULL with BM_ERROR_CONFIG that says what is wrong and in which line: an unknown tag, a section
 * that does not end where it began, a value in a place where escaping does not make it safe. */
struct template *template_parse(const char *source, GError **error)
    __attribute__((warn_unused_result));
void template_free(struct template *template);

typedef struct template template_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(template_t, template_free)

#endif
