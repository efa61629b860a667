/* SPDX-License-Identifier: BSD-2-Clause
 *
 * append_escaped is the one place through which outside text gets into a page.
 */
#include "console/template/render.h"

#include <string.h>

#include "base/mixed_alphabets.h"
#include "base/printable_text.h"
#include "console/text/times.h"

enum {
	CHARACTERS_MAX = 400, /* of a text in one line */
	LONG_BYTES = 200000,  /* bytes of a text with lines */
	CALLS_MAX = 8,        /* of templates in templates */
};

/* The row, and what it is in. */
struct scope {
	const struct model *model;
	const struct scope *outer;
	unsigned calls;
};

static void append_nodes(const struct render *render, const GPtrArray *nodes,
			 const struct scope *scope, GString *out);

/* --- text ------------------------------------------------------------------------------------- */

static void append_html_escaped(GString *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		switch (*p) {
		case '<':
			g_string_append(out, "&lt;");
			break;
		case '>':
			g_string_append(out, "&gt;");
			break;
		case '&':
			g_string_append(out, "&amp;");
			break;
		case '"':
			g_string_append(out, "&quot;");
			break;
		case '\'':
			g_string_append(out, "&#39;");
			break;
		default:
			g_string_append_c(out, *p);
		}
}

static void append_html_line(GString *out, const char *text)
{
	g_autofree char *clean = printable_text_excerpt(text, CHARACTERS_MAX);

	append_html_escaped(out, clean);
}

static void append_long(GString *out, const char *text)
{
	g_autofree char *head = g_strndup(text, LONG_BYTES);
	g_autofree char *clean = printable_text_clean(head, true, PRINTABLE_TEXT_KEEP_LINES);

	append_html_escaped(out, clean);
	if (strlen(text) > LONG_BYTES)
		g_string_append(out, "\n...");
}

/* The mark is words, so that it is heard as well as seen. */
static void append_address(const struct render *render, const char *text, GString *out)
{
	g_autofree char *clean = printable_text_excerpt(text, CHARACTERS_MAX);

	append_html_escaped(out, clean);
	if (!mixed_alphabets_in(clean))
		return;
	g_string_append(out, " <b class=\"foreign\">");
	append_html_escaped(out, catalogue_text(render->catalogue, "mixed alphabets"));
	g_string_append(out, "</b>");
}

static const char *find_text(const struct scope *scope, const char *name)
{
	for (; scope; scope = scope->outer) {
		const char *text = model_text(scope->model, name);

		if (text)
			return text;
	}
	return NULL;
}

static const GPtrArray *find_rows(const struct scope *scope, const char *name)
{
	for (; scope; scope = scope->outer) {
		const GPtrArray *rows = model_rows(scope->model, name);

		if (rows)
			return rows;
	}
	return NULL;
}

/* Our own words; {name} in them is that text. */
static void append_words(GString *out, const char *words, const struct scope *scope)
{
	for (const char *p = words; *p != '\0';) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;

		if (!end) {
			const char letter[] = {*p++, '\0'};

			append_html_escaped(out, letter);
			continue;
		}
		g_autofree char *name = g_strndup(p + 1, (gsize)(end - p - 1));
		const char *text = find_text(scope, name);
		append_html_line(out, text ? text : "");
		p = end + 1;
	}
}

static void append_count(const struct render *render, const struct template_node *node,
			 const struct scope *scope, GString *out)
{
	const char *count = find_text(scope, node->text);
	guint64 number = count ? g_ascii_strtoull(count, NULL, 10) : 0;

	append_words(out, catalogue_plural(render->catalogue, node->more[0], node->more[1], number),
		     scope);
}

static void append_time(const struct render *render, const char *value, GString *out)
{
	g_autofree char *text = times_written(render->catalogue, value);

	append_html_line(out, text ? text : value);
}

static const struct unit {
	gint64 length; /* microseconds */
	const char *ago, *ago_many, *ahead, *ahead_many;
} units[] = {{G_TIME_SPAN_DAY, N_("{count} day ago"), N_("{count} days ago"), N_("in {count} day"),
	      N_("in {count} days")},
	     {G_TIME_SPAN_HOUR, N_("{count} hour ago"), N_("{count} hours ago"),
	      N_("in {count} hour"), N_("in {count} hours")},
	     {G_TIME_SPAN_MINUTE, N_("{count} minute ago"), N_("{count} minutes ago"),
	      N_("in {count} minute"), N_("in {count} minutes")}};

/* The largest one that fits; NULL: it is shorter than any. */
static const struct unit *find_unit(gint64 span)
{
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		if (ABS(span) >= units[i].length)
			return &units[i];
	return NULL;
}

static void append_span(const struct render *render, const struct unit *unit, gint64 ago,
			GString *out)
{
	guint64 count = (guint64)(ABS(ago) / unit->length);
	const char *one = ago > 0 ? unit->ago : unit->ahead;
	const char *many = ago > 0 ? unit->ago_many : unit->ahead_many;
	g_autofree char *number = g_strdup_printf("%" G_GUINT64_FORMAT, count);
	g_auto(GStrv) parts =
	    g_strsplit(catalogue_plural(render->catalogue, one, many, count), "{count}", -1);
	g_autofree char *text = g_strjoinv(number, parts);

	append_html_escaped(out, text);
}

/* In whole ones of the largest unit. */
static void append_ago(const struct render *render, const char *value, GString *out)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(value, NULL);
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();

	if (!time) {
		append_html_line(out, value);
		return;
	}
	gint64 ago = g_date_time_difference(now, time);
	const struct unit *unit = find_unit(ago);
	if (unit)
		append_span(render, unit, ago, out);
	else
		append_html_escaped(out, catalogue_text(render->catalogue, "just now"));
}

/* A narrow blank between thousands, which no language takes for a point or a comma. */
static void append_grouped(const char *digits, gsize len, GString *out)
{
	for (gsize i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			g_string_append(out, "\xe2\x80\xaf");
		g_string_append_c(out, digits[i]);
	}
}

static void append_number(const struct render *render, const char *value, GString *out)
{
	static const char digits[] = "0123456789";
	gsize len = strspn(value, digits);
	const char *decimals = value[len] == '.' ? value + len + 1 : value + len;

	if (decimals[strspn(decimals, digits)] != '\0') {
		append_html_line(out, value);
		return;
	}
	append_grouped(value, len, out);
	if (value[len] == '.')
		/* TRANSLATORS: what comes between a number and its decimals */
		append_html_escaped(out, catalogue_text(render->catalogue, "."));
	append_html_escaped(out, decimals);
}

/* --- addresses -------------------------------------------------------------------------------- */

static void append_parameter(GString *out, const char *name, const char *value)
{
	g_string_append_c(out, strchr(out->str, '?') ? '&' : '?');
	g_string_append(out, name);
	g_string_append_c(out, '=');
	for (const char *p = value; *p != '\0'; p++)
		if (g_ascii_isalnum(*p) || strchr("-._~", *p))
			g_string_append_c(out, *p);
		else
			g_string_append_printf(out, "%%%02X", (unsigned char)*p);
}

char *render_url(const char *path, const char *const *parameters)
{
	GString *out = g_string_new(path);

	for (; parameters && parameters[0]; parameters += 2)
		if (parameters[1] && *parameters[1] != '\0')
			append_parameter(out, parameters[0], parameters[1]);
	return g_string_free(out, FALSE);
}

/* A text in quotes, or the one with that name. NULL where there is none. */
static const char *parameter_value(const struct scope *scope, const char *parameter)
{
	return parameter[0] == '"' ? parameter + 1 : find_text(scope, parameter);
}

static void append_url(const struct template_node *node, const struct scope *scope, GString *out)
{
	g_autoptr(GString) url = g_string_new(node->text);

	for (char **more = node->more; more[0]; more += 2) {
		const char *value = parameter_value(scope, more[1]);

		if (value && *value != '\0')
			append_parameter(url, more[0], value);
	}
	append_html_escaped(out, url->str);
}

/* --- nodes ------------------------------------------------------------------------------------ */

static void render_section(const struct render *render, const struct template_node *node,
			   const struct scope *scope, GString *out)
{
	const GPtrArray *rows = find_rows(scope, node->text);
	const char *text = find_text(scope, node->text);

	for (guint i = 0; rows && i < rows->len; i++) {
		const struct scope inner = {rows->pdata[i], scope, scope->calls};

		append_nodes(render, node->children, &inner, out);
	}
	if (!rows && text && *text != '\0')
		append_nodes(render, node->children, scope, out);
}

static void append_inverted(const struct render *render, const struct template_node *node,
			    const struct scope *scope, GString *out)
{
	const char *text = find_text(scope, node->text);

	if (!find_rows(scope, node->text) && (!text || *text == '\0'))
		append_nodes(render, node->children, scope, out);
}

static void append_partial(const struct render *render, const struct template_node *node,
			   const struct scope *scope, GString *out)
{
	const struct template *template = g_hash_table_lookup(render->templates, node->text);
	g_autoptr(model_t) given = model_new();
	const struct scope inner = {given, scope, scope->calls + 1};

	for (char **more = node->more; more[0]; more += 2)
		model_set(given, more[0], parameter_value(scope, more[1]));
	if (template && scope->calls < CALLS_MAX)
		append_nodes(render, template->nodes, &inner, out);
}

static void render_value(const struct render *render, const struct template_node *node,
			 const struct scope *scope, GString *out)
{
	const char *text = find_text(scope, node->text);

	if (!text)
		return;
	if (node->kind == TEMPLATE_LONG)
		append_long(out, text);
	else if (node->kind == TEMPLATE_ADDRESS)
		append_address(render, text, out);
	else if (node->kind == TEMPLATE_KEEP)
		append_html_escaped(out, text);
	else if (node->kind == TEMPLATE_TIME)
		append_time(render, text, out);
	else if (node->kind == TEMPLATE_AGO)
		append_ago(render, text, out);
	else if (node->kind == TEMPLATE_NUMBER)
		append_number(render, text, out);
	else if (node->kind == TEMPLATE_WORD)
		append_html_line(out, catalogue_text(render->catalogue, text));
	else
		append_html_line(out, text);
}

static void append_node(const struct render *render, const struct template_node *node,
			const struct scope *scope, GString *out)
{
	switch (node->kind) {
	case TEMPLATE_HTML:
		g_string_append(out, node->text);
		break;
	case TEMPLATE_WORDS:
		append_words(out, catalogue_text(render->catalogue, node->text), scope);
		break;
	case TEMPLATE_COUNT:
		append_count(render, node, scope, out);
		break;
	case TEMPLATE_URL:
		append_url(node, scope, out);
		break;
	case TEMPLATE_SECTION:
		render_section(render, node, scope, out);
		break;
	case TEMPLATE_INVERTED:
		append_inverted(render, node, scope, out);
		break;
	case TEMPLATE_PARTIAL:
		append_partial(render, node, scope, out);
		break;
	case TEMPLATE_VALUE:
	case TEMPLATE_LONG:
	case TEMPLATE_ADDRESS:
	case TEMPLATE_KEEP:
	case TEMPLATE_TIME:
	case TEMPLATE_AGO:
	case TEMPLATE_NUMBER:
	case TEMPLATE_WORD:
		render_value(render, node, scope, out);
		break;
	}
}

static void append_nodes(const struct render *render, const GPtrArray *nodes,
			 const struct scope *scope, GString *out)
{
	for (guint i = 0; i < nodes->len; i++)
		append_node(render, nodes->pdata[i], scope, out);
}

void render_page(const struct render *render, const char *name, const struct model *model,
		 GString *out)
{
	const struct template *template = g_hash_table_lookup(render->templates, name);
	const struct scope scope = {model, NULL, 0};

	g_return_if_fail(template);
	append_nodes(render, template->nodes, &scope, out);
}
