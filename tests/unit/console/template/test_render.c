/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Templates: what they write, what a stranger's text becomes, and what they refuse.
 */
#include "console/template/render.h"

#include <string.h>

#include "base/error.h"
#include "console/template/library.h"

static void free_template(void *template)
{
	template_free(template);
}

/* What source writes of the model, in German. */
static char *rendered(const char *source, const struct model *model)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_template);
	g_autoptr(GError) error = NULL;
	struct template *template = template_parse(source, &error);
	GString *out = g_string_new(NULL);

	g_assert_no_error(error);
	g_hash_table_insert(table, (gpointer) "page", template);
	g_hash_table_insert(table, (gpointer) "part", template_parse("<i>{{name}}</i>", NULL));
	const struct render render = {table, catalogue_for("de")};
	render_page(&render, "page", model, out);
	g_hash_table_unref(table);
	return g_string_free(out, FALSE);
}

static void set_time(struct model *model, const char *name, gint64 from_now)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GDateTime) time = g_date_time_add(now, from_now);
	g_autofree char *text = g_date_time_format_iso8601(time);

	model_set(model, name, text);
}

static struct model *sample(void)
{
	struct model *model = model_new();

	model_set(model, "name", "<b>\"Eva\" & 'co'</b>");
	model_set(model, "bidi",
		  "a\xe2\x80\xae"
		  "b\xc2\x9b"
		  "c\x01"
		  "d\xff"
		  "e\nf");
	model_set(model, "kind", "hard_bounce");
	model_set(model, "number", "1234567");
	model_set(model, "rate", "1234.50");
	model_set(model, "version", "1.2.3");
	model_set(model, "seeming", "\xd0\xb0nna@<x>.example");
	model_set(model, "at", "2026-11-28T09:05:03.5+00:00");
	model_set(model, "day", "2026-11-28");
	model_set(model, "hour", "2026-11-28 09:00");
	set_time(model, "seconds", -59 * G_TIME_SPAN_SECOND);
	set_time(model, "minute", -119 * G_TIME_SPAN_SECOND);
	set_time(model, "hours", -47 * G_TIME_SPAN_HOUR / 2);
	set_time(model, "days", 5 * G_TIME_SPAN_DAY / 2);
	model_set(model, "one", "1");
	model_set(model, "empty", "");
	model_set(model, "address", "a&b=c \xc3\xa4\"<");
	model_set(model_add(model, "rows"), "name", "first");
	model_set(model_add(model, "rows"), "other", "second");
	return model;
}

static void test_writes(void)
{
	static const struct {
		const char *source, *text;
	} rows[] = {
	    {"a{{! no }}b", "ab"},
	    {"{{name}}", "&lt;b&gt;&quot;Eva&quot; &amp; &#39;co&#39;&lt;/b&gt;"},
	    {"<p title=\"{{name}}\">",
	     "<p title=\"&lt;b&gt;&quot;Eva&quot; &amp; &#39;co&#39;&lt;/b&gt;\">"},
	    {"{{bidi}}", "a b c d\xef\xbf\xbd"
			 "e f"},
	    {"{{long bidi}}", "a b c d\xef\xbf\xbd"
			      "e\nf"},
	    {"<p title=\"{{keep bidi}}\">", "<p title=\"a\xe2\x80\xae"
					    "b\xc2\x9b"
					    "c\x01"
					    "d\xff"
					    "e\nf\">"},
	    {"<p title=\"{{keep name}}\">",
	     "<p title=\"&lt;b&gt;&quot;Eva&quot; &amp; &#39;co&#39;&lt;/b&gt;\">"},
	    {"{{address name}}", "&lt;b&gt;&quot;Eva&quot; &amp; &#39;co&#39;&lt;/b&gt;"},
	    {"{{address seeming}}", "\xd0\xb0nna@&lt;x&gt;.example <b class=\"foreign\">gemischte "
				    "Schriften</b>"},
	    {"{{nothing}}", ""},
	    {"{{number number}}", "1\xe2\x80\xaf"
				  "234\xe2\x80\xaf"
				  "567"},
	    {"{{number rate}}", "1\xe2\x80\xaf"
				"234,50"},
	    {"{{number version}}", "1.2.3"},
	    {"{{number name}}", "&lt;b&gt;&quot;Eva&quot; &amp; &#39;co&#39;&lt;/b&gt;"},
	    {"{{time at}}", "28.11.2026 09:05"},
	    {"{{time day}}, {{time hour}}", "28.11.2026, 28.11.2026 09:00"},
	    {"{{time kind}}", "hard_bounce"},
	    {"{{ago seconds}}, {{ago minute}}", "gerade eben, vor 1 Minute"},
	    {"{{ago hours}}, {{ago days}}", "vor 23 Stunden, in 2 Tagen"},
	    {"{{ago name}}", "&lt;b&gt;&quot;Eva&quot; &amp; &#39;co&#39;&lt;/b&gt;"},
	    {"{{t \"Log in\"}}", "Anmelden"},
	    {"{{t \"Task {kind}\"}}", "Task hard_bounce"},
	    {"{{t kind}}", "Tote Adresse"},
	    {"{{t name}}", "&lt;b&gt;&quot;Eva&quot; &amp; &#39;co&#39;&lt;/b&gt;"},
	    {"{{n one \"{one} thing\" \"{one} things\"}}", "1 thing"},
	    {"{{n number \"{one} thing\" \"things\"}}", "things"},
	    {"<a href=\"{{url \"/x\" a=address b=empty c=nothing d=\"me\"}}\">",
	     "<a href=\"/x?a=a%26b%3Dc%20%C3%A4%22%3C&amp;d=me\">"},
	    {"{{#rows}}[{{name}}]{{/rows}}",
	     "[first][&lt;b&gt;&quot;Eva&quot; &amp; &#39;co&#39;&lt;/b&gt;]"},
	    {"{{^rows}}none{{/rows}}{{^nothing}}yes{{/nothing}}", "yes"},
	    {"{{#empty}}no{{/empty}}{{#one}}yes{{/one}}", "yes"},
	    {"{{script \"/keys.js\"}}", "<script src=\"/keys.js\" defer></script>"},
	    {"<input{{#one}} checked{{/one}}>", "<input checked>"},
	    {"{{>part name=\"x\"}}{{>part\nname=kind}}{{>part name=nothing other=\"y\"}}",
	     "<i>x</i><i>hard_bounce</i>"
	     "<i>&lt;b&gt;&quot;Eva&quot; &amp; &#39;co&#39;&lt;/b&gt;</i>"},
	    {"{{>part name=address}}{{name}}",
	     "<i>a&amp;b=c \xc3\xa4&quot;&lt;</i>"
	     "&lt;b&gt;&quot;Eva&quot; &amp; &#39;co&#39;&lt;/b&gt;"},
	    {"{{#rows}}{{>part}}{{/rows}}",
	     "<i>first</i><i>&lt;b&gt;&quot;Eva&quot; &amp; &#39;co&#39;&lt;/b&gt;</i>"},
	};
	g_autoptr(model_t) model = sample();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = rendered(rows[i].source, model);

		g_assert_cmpstr(text, ==, rows[i].text);
	}
}

static void test_cuts(void)
{
	g_autoptr(model_t) model = model_new();
	g_autofree char *word = g_strnfill(10000, 'x');

	model_set(model, "word", word);
	g_autofree char *line = rendered("{{word}}", model);
	g_assert_cmpuint(strlen(line), ==, 403);
	g_autofree char *whole = rendered("{{long word}}", model);
	g_assert_cmpuint(strlen(whole), ==, 10000);
}

static void test_refuses(void)
{
	static const char *const rows[] = {
	    "{{name",
	    "{{Name}}",
	    "{{{name}}}",
	    "{{raw name}}",
	    "{{keep name}}",
	    "<p title=\"{{address name}}\">",
	    "{{#rows}}",
	    "{{/rows}}",
	    "{{#rows}}{{/name}}",
	    "<a href=\"{{name}}\">",
	    "<a href=\"/task?id={{name}}\">",
	    "<form action='x'>",
	    "<p title={{name}}>",
	    "<p {{name}}>",
	    "<{{name}}>",
	    "<p class=x>",
	    "<script>",
	    "<SCRIPT>",
	    "<style>",
	    "<p style=\"{{name}}\">",
	    "<p onclick=\"x\">",
	    "<p ONCLICK=\"{{name}}\">",
	    "<iframe>",
	    "<meta http-equiv=\"refresh\">",
	    "<p {{#rows}}>{{/rows}}",
	    "<p title=\"{{#rows}}\">{{/rows}}",
	    "<p title=\"x",
	    "{{url \"/x\"}}",
	    "<a href=\"{{url \"//evil.example\"}}\">",
	    "<a href=\"{{url \"javascript:x\"}}\">",
	    "<a href=\"{{url name}}\">",
	    "<a href=\"{{url \"/x\" a}}\">",
	    "<a title=\"{{url \"/x\"}}\">",
	    "<p title=\"{{>part}}\">",
	    "{{>}}",
	    "{{>part name}}",
	    "{{>part name=}}",
	    "{{>part Name=\"x\"}}",
	    "{{>part name=\"x}}",
	    "{{script name}}",
	    "{{script \"\"}}",
	    "{{script \"//evil.example/x.js\"}}",
	    "{{script \"/x.js\\\" onload=\\\"x\"}}",
	    "{{script \"/task?id=x.js\"}}",
	    "{{script \"/x.js\" name}}",
	    "<p {{script \"/x.js\"}}>",
	    "<p title=\"{{script \"/x.js\"}}\">",
	    "{{t \"x}}",
	    "{{n one \"x\"}}",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(template_t) template = template_parse(rows[i], &error);

		if (template)
			g_test_message("taken: %s", rows[i]);
		g_assert_null(template);
		g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
	}
}

static void test_library(void)
{
	g_autoptr(GError) error = NULL;
	GHashTable *templates = library_templates(&error);

	g_assert_no_error(error);
	g_assert_nonnull(g_hash_table_lookup(templates, "tasks"));
	g_hash_table_unref(templates);
	g_assert_nonnull(library_file("style.css"));
	g_assert_null(library_file("../secret"));
}

static void test_url(void)
{
	const char *const parameters[] = {"id", "1\r\nX: y", "none", NULL, NULL};
	g_autofree char *url = render_url("/task", parameters);

	g_assert_cmpstr(url, ==, "/task?id=1%0D%0AX%3A%20y");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/template/writes", test_writes);
	g_test_add_func("/template/cuts", test_cuts);
	g_test_add_func("/template/refuses", test_refuses);
	g_test_add_func("/template/library", test_library);
	g_test_add_func("/template/url", test_url);
	return g_test_run();
}
