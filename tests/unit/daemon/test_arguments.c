/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The command line of a daemon: what is understood, what is refused, and what --help says.
 */
#include "daemon/arguments.h"

#include <getopt.h>
#include <sysexits.h>

static const struct arguments_help plain = {
    .purpose = "Does it.", .checked = "this and that", .signals = "SIGTERM stops."};
static const struct arguments_help with_once = {.purpose = "Does it.",
						.checked = "this and that",
						.once = "do what there is",
						.signals = "SIGTERM stops."};

#define USUAL BM_SYSCONFDIR "/bounce-milter/it.conf"

/* -1: understood */
static const struct {
	const struct arguments_help *help;
	const char *line;
	int status;
	const char *config;
	const char *flags; /* of daemon, check and once, the first letters */
} rows[] = {
    {&plain, "it", -1, USUAL, ""},
    {&plain, "it -c /x/y.conf", -1, "/x/y.conf", ""},
    {&plain, "it --config /x/../y.conf", -1, "/y.conf", ""},
    {&plain, "it -c /x -c /y", -1, "/y", ""},
    {&plain, "it -d", -1, USUAL, "d"},
    {&plain, "it --check --daemon", -1, USUAL, "dc"},
    {&with_once, "it --once", -1, USUAL, "o"},
    {&plain, "it --once", EX_USAGE, NULL, NULL},
    {&plain, "it x", EX_USAGE, NULL, NULL},
    {&plain, "it -x", EX_USAGE, NULL, NULL},
    {&plain, "it -c", EX_USAGE, NULL, NULL},
    {&plain, "it -V", 0, NULL, NULL},
    {&plain, "it -h --no-such", 0, NULL, NULL},
};

static int parse(const struct arguments_help *help, const char *line, struct arguments *out)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);

	optind = 0; /* getopt(3): begin anew */
	return arguments_parse((int)g_strv_length(words), words, "it", help, out);
}

static void test_lines(void)
{
	if (!g_test_subprocess()) { /* what is printed is not TAP */
		g_test_trap_subprocess(NULL, 0, 0);
		g_test_trap_assert_passed();
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(arguments_t) arguments = {0};

		g_assert_cmpint(parse(rows[i].help, rows[i].line, &arguments), ==, rows[i].status);
		if (rows[i].status >= 0)
			continue;
		g_autofree char *flags =
		    g_strconcat(arguments.is_daemon ? "d" : "", arguments.is_check ? "c" : "",
				arguments.is_once ? "o" : "", NULL);
		g_assert_cmpstr(arguments.config, ==, rows[i].config);
		g_assert_cmpstr(flags, ==, rows[i].flags);
	}
}

static void test_help(void)
{
	if (g_test_subprocess()) {
		g_auto(arguments_t) arguments = {0};

		parse(&with_once, "it --help", &arguments);
		return;
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_passed();
	g_test_trap_assert_stdout("*usage: it [-c FILE] [-d] [--check | --once]\n"
				  "\nDoes it.\n"
				  "*(default: " USUAL ")\n"
				  "*say what is wrong with this and that, and end\n"
				  "*--once*do what there is, and end\n"
				  "*Signals: SIGTERM stops.\n"
				  "*75 --once*");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/arguments/lines", test_lines);
	g_test_add_func("/arguments/help", test_help);
	return g_test_run();
}
