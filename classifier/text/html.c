/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A tag skipper, not a parser: linear in the input whatever it holds.
 */
#include "classifier/text/html.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

enum { SILENT_TAGS = 3 };

struct writer {
	GString *out;
	bool space;                /* white space seen since the last word */
	bool endless[SILENT_TAGS]; /* of silent_tags: there is no end tag from here on */
	const char *link;          /* the address of an open mailto link */
	size_t link_len;
	size_t link_start; /* where its text began */
};

static const char *const block_tags[] = {"br",    "p",          "div",   "tr", "li", "ul", "ol",
					 "table", "h1",         "h2",    "h3", "h4", "h5", "hr",
					 "pre",   "blockquote", "title", "dt", "dd"};
static const char *const silent_tags[SILENT_TAGS] = {"script", "style", "head"};

static const struct {
	const char *name;
	const char *text;
} entities[] = {
    {"amp", "&"},  {"lt", "<"},     {"gt", ">"}, {"quot", "\""}, {"nbsp", " "},
    {"apos", "'"}, {"copy", "(c)"}, {"shy", ""}, {"ndash", "-"}, {"mdash", "-"},
};

static void write_newline(struct writer *w)
{
	w->space = false;
	if (w->out->len > 0 && (w->out->len < 2 || w->out->str[w->out->len - 1] != '\n' ||
				w->out->str[w->out->len - 2] != '\n'))
		g_string_append_c(w->out, '\n');
}

static void write_html_text(struct writer *w, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (g_ascii_isspace(text[i])) {
			w->space = true;
			continue;
		}
		if (w->space && w->out->len > 0 && w->out->str[w->out->len - 1] != '\n')
			g_string_append_c(w->out, ' ');
		w->space = false;
		g_string_append_c(w->out, text[i]);
	}
}

/* Where the tag is in the list; count if it is not there. */
static size_t tag_index(const char *name, size_t len, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == len && g_ascii_strncasecmp(name, list[i], len) == 0)
			return i;
	return count;
}

static bool tag_in(const char *name, size_t len, const char *const *list, size_t count)
{
	return tag_index(name, len, list, count) < count;
}

/* From the end of a start tag to the end tag, if it is that of a silent element. */
static const char *skip_silent(struct writer *w, const char *stop, const char *name, size_t len)
{
	size_t index = tag_index(name, len, silent_tags, SILENT_TAGS);
	if (index == SILENT_TAGS || w->endless[index])
		return stop + 1;
	for (const char *at = strstr(stop, "</"); at; at = strstr(at + 2, "</"))
		if (g_ascii_strncasecmp(at + 2, name, len) == 0)
			return at;
	w->endless[index] =
	    true; /* or every such tag would be searched for to the end of the document */
	return stop + 1;
}

static const char *find_word(const char *from, const char *to, const char *word)
{
	size_t len = strlen(word);
	for (; from + len <= to; from++)
		if (g_ascii_strncasecmp(from, word, len) == 0)
			return from;
	return NULL;
}

/* A mailto link shows a name and hides the address: remember it until the link ends. */
static void open_link(struct writer *w, const char *tag, const char *stop)
{
	const char *at = find_word(tag, stop, "mailto:");
	w->link = at ? at + strlen("mailto:") : NULL;
	w->link_len = w->link ? strcspn(w->link, "?\"'> \n") : 0;
	w->link_start = w->out->len;
}

static void close_link(struct writer *w)
{
	bool shown = !w->link || w->link_len > 320 ||
		     memchr(w->out->str + w->link_start, '@', w->out->len - w->link_start);
	if (!shown && memchr(w->link, '@', w->link_len)) {
		write_html_text(w, " <", 2);
		write_html_text(w, w->link, w->link_len);
		write_html_text(w, ">", 1);
	}
	w->link = NULL;
}

/* Handles one tag or comment at '<'; returns what follows. */
static const char *read_tag(struct writer *w, const char *at)
{
	if (strncmp(at, "<!--", 4) == 0) {
		const char *stop = strstr(at + 4, "-->");
		return stop ? stop + 3 : at + strlen(at);
	}
	const char *name = at + 1 + (at[1] == '/');
	size_t len = 0;
	while (g_ascii_isalnum(name[len]))
		len++;
	/* "<user@example.org>" that nobody escaped is text, not a tag */
	const char *stop = strpbrk(name, "<>");
	bool address = stop && *stop == '>' && name[len] != ' ' && name[len] != '\n' &&
		       memchr(name, '@', (size_t)(stop - name));
	if ((len == 0 && *at == '<' && at[1] != '!' && at[1] != '?') || address) {
		write_html_text(w, "<", 1);
		return at + 1;
	}
	stop = strchr(name, '>');
	if (!stop)
		return name + strlen(name);
	if (at[1] != '/' && tag_in(name, len, silent_tags, SILENT_TAGS))
		return skip_silent(w, stop, name, len);
	if (len == 1 && (*name == 'a' || *name == 'A')) {
		if (at[1] == '/')
			close_link(w);
		else
			open_link(w, name, stop);
	} else if (tag_in(name, len, block_tags, G_N_ELEMENTS(block_tags)))
		write_newline(w);
	else if (tag_in(name, len, (const char *const[]){"td", "th"}, 2))
		w->space = true;
	return stop + 1;
}

static const char *read_character_number(struct writer *w, const char *at)
{
	char *stop = NULL;
	bool hex = at[2] == 'x' || at[2] == 'X';
	guint64 code = g_ascii_strtoull(at + (hex ? 3 : 2), &stop, hex ? 16 : 10);
	if (stop == at + (hex ? 3 : 2) || code < ' ' || code > 0x10FFFF ||
	    !g_unichar_validate((gunichar)code)) {
		write_html_text(w, "&", 1);
		return at + 1;
	}
	char utf8[6];
	int len = g_unichar_to_utf8((gunichar)code, utf8);
	if (code == 0xA0)
		write_html_text(w, " ", 1);
	else
		write_html_text(w, utf8, (size_t)len);
	return *stop == ';' ? stop + 1 : stop;
}

static const char *read_entity(struct writer *w, const char *at)
{
	if (at[1] == '#')
		return read_character_number(w, at);
	for (size_t i = 0; i < G_N_ELEMENTS(entities); i++) {
		size_t len = strlen(entities[i].name);
		if (strncmp(at + 1, entities[i].name, len) == 0 && at[1 + len] == ';') {
			write_html_text(w, entities[i].text, strlen(entities[i].text));
			return at + len + 2;
		}
	}
	write_html_text(w, "&", 1);
	return at + 1;
}

char *html_to_text(const char *html)
{
	struct writer w = {.out = g_string_sized_new(strlen(html) / 2 + 16)};
	for (const char *at = html; *at;) {
		if (*at == '<') {
			at = read_tag(&w, at);
		} else if (*at == '&') {
			at = read_entity(&w, at);
		} else {
			size_t run = strcspn(at, "<&");
			write_html_text(&w, at, run);
			at += run;
		}
	}
	return g_string_free(w.out, FALSE);
}
