/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Tables: they fit, whatever is in them, and a stranger cannot move the cursor.
 */
#include <string.h>

#include <glib.h>

#include "base/printable_text.h"
#include "ctl/terminal/table.h"

static struct table *sample(void)
{
	struct table *table = table_new();
	const char *const rows[][4] = {
	    {"1", "hard", "anna@customer.example",
	     "550 5.1.1 <anna@customer.example>: no such user here"},
	    {"22", "soft", "b@x.example", NULL},
	};

	table_add_column(table, "id", TABLE_NUMBER);
	table_add_column(table, "class", TABLE_WORD);
	table_add_column(table, "sent_to", TABLE_TEXT);
	table_add_column(table, "diagnostic", TABLE_TEXT);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		table_add_row(table, rows[i]);
	return table;
}

static char *print(const struct table *table, struct table_style style)
{
	GString *out = g_string_new(NULL);

	table_print(table, &style, out);
	return g_string_free(out, FALSE);
}

static void test_as_wide_as_it_takes(void)
{
	g_autoptr(table_t) table = sample();
	g_autofree char *text = print(table, (struct table_style){.utf8 = true});

	g_assert_cmpstr(text, ==,
			"ID  CLASS  SENT TO                DIAGNOSTIC\n"
			" 1  hard   anna@customer.example  550 5.1.1 <anna@customer.example>: no "
			"such user here\n"
			"22  soft   b@x.example\n");
}

static void test_cut_to_width(void)
{
	g_autoptr(table_t) table = sample();
	g_autofree char *text = print(table, (struct table_style){.utf8 = true, .width = 40});

	g_assert_cmpstr(text, ==,
			"ID  CLASS  SENT TO        DIAGNOSTIC\n"
			" 1  hard   anna@custome…  550 5.1.1 <an…\n"
			"22  soft   b@x.example\n");
}

/* Whatever the width, no line is wider; below what can be cut, blocks. */
static void test_every_width(void)
{
	g_autoptr(table_t) table = sample();

	for (unsigned width = 24; width < 120; width++)
		for (int utf8 = 0; utf8 < 2; utf8++) {
			g_autofree char *text =
			    print(table, (struct table_style){.utf8 = utf8, .width = width});
			g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

			for (char **line = lines; *line; line++)
				g_assert_cmpuint(table_text_width(*line), <=, width);
		}
}

static void test_blocks(void)
{
	g_autoptr(table_t) table = sample();
	g_autofree char *text = print(table, (struct table_style){.utf8 = true, .width = 28});

	g_assert_cmpstr(text, ==,
			"id          1\n"
			"class       hard\n"
			"sent to     anna@customer.ex\n"
			"            ample\n"
			"diagnostic  550 5.1.1\n"
			"            <anna@customer.e\n"
			"            xample>: no such\n"
			"            user here\n"
			"\n"
			"id          22\n"
			"class       soft\n"
			"sent to     b@x.example\n");
}

static void test_color(void)
{
	g_autoptr(table_t) table = sample();
	g_autofree char *plain = print(table, (struct table_style){.utf8 = true, .width = 80});
	g_autofree char *color =
	    print(table, (struct table_style){.utf8 = true, .width = 80, .color = true});

	g_assert_null(strchr(plain, '\033'));
	g_assert_nonnull(strstr(color, "\033[31mhard\033[0m"));
	g_assert_nonnull(strstr(color, "\033[33msoft\033[0m"));
}

static void test_path_is_cut_in_front(void)
{
	g_autoptr(table_t) table = table_new();
	const char *const row[] = {"/var/mail/some/long/path/1234.eml"};

	table_add_column(table, "file", TABLE_PATH);
	table_add_row(table, row);
	g_autofree char *text = print(table, (struct table_style){.width = 12});
	g_assert_cmpstr(text, ==, "FILE\n~th/1234.eml\n");
}

static void test_bars(void)
{
	static const char *const rows[][2] = {
	    {"hard", "80"}, {"soft", "20"}, {"technical", "1"}, {"none", "0"}};
	g_autoptr(table_t) table = table_new();

	table_add_column(table, "label", TABLE_TEXT);
	table_add_column(table, "total", TABLE_BAR);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		table_add_row(table, rows[i]);
	g_autofree char *ascii = print(table, (struct table_style){.width = 34});
	g_assert_cmpstr(ascii, ==,
			"LABEL      TOTAL\n"
			"hard          80  ################\n"
			"soft          20  ####\n"
			"technical      1  #\n"
			"none           0\n");
	g_autofree char *blocks = print(table, (struct table_style){.width = 34, .utf8 = true});
	g_assert_nonnull(strstr(blocks, "technical      1  ▎\n"));
}

/* Extra columns go before the others become useless, the last one first. */
static void test_left_out(void)
{
	static const struct {
		unsigned width;
		const char *heading;
	} widths[] = {{0, "ID  ADDRESS                REASON        RULE             WHY\n"},
		      {55, "ID  ADDRESS               REASON        RULE\n"},
		      {40, "ID  ADDRESS                REASON\n"},
		      {33, "ID  ADDRESS          REASON\n"}};
	const char *const row[] = {"7", "anna@customer.example", "user_unknown", "address.unknown",
				   "because"};
	g_autoptr(table_t) table = table_new();

	table_add_column(table, "id", TABLE_NUMBER);
	table_add_column(table, "address", TABLE_TEXT);
	table_add_column(table, "reason", TABLE_TEXT);
	table_add_column(table, "rule", TABLE_EXTRA);
	table_add_column(table, "why", TABLE_EXTRA);
	table_add_row(table, row);
	for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
		g_autofree char *text =
		    print(table, (struct table_style){.width = widths[i].width});

		g_autofree char *heading = g_strndup(text, strcspn(text, "\n") + 1);
		g_assert_cmpstr(heading, ==, widths[i].heading);
	}
}

static void test_no_rows(void)
{
	g_autoptr(table_t) table = table_new();

	table_add_column(table, "id", TABLE_NUMBER);
	g_autofree char *text = print(table, (struct table_style){.width = 80});
	g_assert_cmpstr(text, ==, "ID\n");
}

/* What a stranger wrote, and what a terminal gets. */
static const struct {
	const char *text;
	const char *utf8;
	const char *ascii;
} strange[] = {
    {"plain", "plain", "plain"},
    {"a\033[2Jb", "a [2Jb", "a [2Jb"},
    {"a\rb\nc\td", "a b c d", "a b c d"},
    {"a\xc2\x9b"
     "31mb",
     "a 31mb", "a 31mb"},                               /* CSI of ISO 6429 */
    {"gmail\xe2\x80\xaemoc", "gmail moc", "gmail moc"}, /* right-to-left override */
    {"J\xc3\xb6rg", "J\xc3\xb6rg", "J?rg"},
    {"bad\xff\xfe!", "bad\xef\xbf\xbd\xef\xbf\xbd!",
     "bad?"
     "?!"}, /* no UTF-8 */
    {"zero\xe2\x80\x8bwidth", "zero width", "zero width"},
};

static void test_clean(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(strange); i++) {
		g_autofree char *utf8 =
		    printable_text_clean(strange[i].text, true, PRINTABLE_TEXT_ONE_LINE);
		g_autofree char *ascii =
		    printable_text_clean(strange[i].text, false, PRINTABLE_TEXT_ONE_LINE);

		g_assert_cmpstr(utf8, ==, strange[i].utf8);
		g_assert_cmpstr(ascii, ==, strange[i].ascii);
	}
	g_autofree char *lines =
	    printable_text_clean("a\r\nb\033\nc\r", true, PRINTABLE_TEXT_KEEP_LINES);
	g_assert_cmpstr(lines, ==, "a\nb \nc ");
}

static void test_wide_characters(void)
{
	g_autoptr(table_t) table = table_new();
	const char *const rows[][2] = {{"\xe6\x97\xa5\xe6\x9c\xac", "x"}, {"ab", "y"}};

	table_add_column(table, "a", TABLE_TEXT);
	table_add_column(table, "b", TABLE_TEXT);
	table_add_row(table, rows[0]);
	table_add_row(table, rows[1]);
	g_autofree char *text = print(table, (struct table_style){.utf8 = true, .width = 80});
	g_assert_cmpstr(text, ==, "A     B\n\xe6\x97\xa5\xe6\x9c\xac  x\nab    y\n");
}

/* The last column goes on below itself; figures may be left out. */
static void test_wrap(void)
{
	static const struct {
		unsigned width;
		const char *text;
	} widths[] = {{0, "AT     TRIES  TEXT\n12:00      3  the address was not known to the "
			  "other side, which said so at once\n"},
		      {53,
		       "AT     TRIES  TEXT\n12:00      3  the address was not known to the other\n"
		       "              side, which said so at once\n"},
		      {45, "AT     TEXT\n12:00  the address was not known to the other\n       "
			   "side, which said so at once\n"},
		      {24, "AT     TEXT\n12:00  the address was\n       not known to the\n       "
			   "other side, which\n"
			   "       said so at once\n"}};
	const char *const row[] = {
	    "12:00", "3", "the address was not known to the other side, which said so at once"};
	g_autoptr(table_t) table = table_new();

	table_add_column(table, "at", TABLE_WORD);
	table_add_column(table, "tries", TABLE_EXTRA_NUMBER);
	table_add_column(table, "text", TABLE_WRAP);
	table_add_row(table, row);
	for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
		g_autofree char *text =
		    print(table, (struct table_style){.width = widths[i].width});

		g_assert_cmpstr(text, ==, widths[i].text);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/table/as-wide-as-it-takes", test_as_wide_as_it_takes);
	g_test_add_func("/table/cut-to-width", test_cut_to_width);
	g_test_add_func("/table/every-width", test_every_width);
	g_test_add_func("/table/blocks", test_blocks);
	g_test_add_func("/table/color", test_color);
	g_test_add_func("/table/path", test_path_is_cut_in_front);
	g_test_add_func("/table/bars", test_bars);
	g_test_add_func("/table/left-out", test_left_out);
	g_test_add_func("/table/no-rows", test_no_rows);
	g_test_add_func("/table/clean", test_clean);
	g_test_add_func("/table/wide-characters", test_wide_characters);
	g_test_add_func("/table/wrap", test_wrap);
	return g_test_run();
}
