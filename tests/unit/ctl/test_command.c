/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl's command lines: what is understood, what is refused, and that
 * every command describes itself.
 */
#include <string.h>

#include <glib.h>

#include "ctl/framework/command.h"
#include "ctl/framework/exit.h"

/* arguments and the two options' values, or that it is refused */
static const struct {
	const char *line;
	int status; /* 0: understood */
	const char *arguments;
	const char *limit;
	const char *to;
	bool json;
} rows[] = {
    {"one 5", 0, "5", "10", NULL, false},
    {"one 5 --json", 0, "5", "10", NULL, true},
    {"one --json 5 --limit 3", 0, "5", "3", NULL, true},
    {"one --limit=3 5", 0, "5", "3", NULL, false},
    {"one 5 --limit 3 --limit 4", 0, "5", "4", NULL, false},
    {"one 5 --to a --to b", 0, "5", "10", "a b", false},
    {"one 5 -- --json", 0, "5,--json", "10", NULL, false},
    {"one 5 -", 0, "5,-", "10", NULL, false},
    {"one 5 --limit=", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one 5 --limit -1", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one 5 --limit x", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one x", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one -5", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one 5.0", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one 9999999999999999999", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one 5 6 7", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one 5 --limit", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one 5 --no-such", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one 5 --limi 3", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one 5 --json=yes", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one 5 -x", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
    {"one 5 -c", CTL_EXIT_USAGE, NULL, NULL, NULL, false},
};

static const struct ctl_option options[] = {
    {"limit", "N", "how many", "10"},
    {"to", "ADDRESS...", "whom", NULL},
    {0},
};
static const struct ctl_command command = {
    .name = "one", .arguments = "ID [NAME]", .summary = "try", .options = options};

/* What is said on stderr of a refusal is not TAP: it is caught. */
static struct ctl_call *parse(const char *line, int *status_out)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);

	return ctl_call_parse(&command, (int)g_strv_length(words) - 1, words + 1, status_out);
}

static void test_lines(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		int status = 0;
		g_autoptr(ctl_call_t) call = parse(rows[i].line, &status);

		g_test_message("%s", rows[i].line);
		g_assert_true((call != NULL) == (rows[i].status == 0));
		if (call == NULL) {
			g_assert_cmpint(status, ==, rows[i].status);
			continue;
		}
		g_ptr_array_add(call->arguments, NULL);
		g_autofree char *arguments = g_strjoinv(",", (char **)call->arguments->pdata);
		g_assert_cmpstr(arguments, ==, rows[i].arguments);
		g_assert_cmpstr(ctl_option(call, "limit"), ==, rows[i].limit);
		g_assert_cmpstr(ctl_option(call, "to"), ==, rows[i].to);
		g_assert_true(ctl_flag(call, "json") == rows[i].json);
	}
}

static void test_required_option(void)
{
	static const struct ctl_option why[] = {{"why", "TEXT", "why", NULL}, {0}};
	static const struct ctl_command block = {
	    .name = "block", .arguments = "ADDRESS --why TEXT", .summary = "block", .options = why};
	char *const good[] = {"a@example.org", "--why", "because"};
	char *const without[] = {"a@example.org"};
	char *const empty[] = {"a@example.org", "--why", ""};
	int status = 0;
	g_autoptr(ctl_call_t) call = ctl_call_parse(&block, 3, good, &status);

	g_assert_nonnull(call);
	g_assert_cmpstr(ctl_option(call, "why"), ==, "because");
	g_assert_null(ctl_call_parse(&block, 1, without, &status));
	g_assert_cmpint(status, ==, CTL_EXIT_USAGE);
	g_assert_null(ctl_call_parse(&block, 3, empty, &status));
	g_assert_cmpint(status, ==, CTL_EXIT_USAGE);
}

static void test_find(void)
{
	static const struct {
		const char *line;
		const char *name; /* NULL: none */
		int words;
	} finds[] = {
	    {"tasks", "tasks", 1},          {"task show 5", "task show", 2},
	    {"params", "params", 1},        {"params set a b", "params set", 2},
	    {"params resend", "params", 1}, {"task", NULL, 0},
	    {"task frobnicate", NULL, 0},   {"status --json", "status", 1},
	    {"nonsense", NULL, 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(finds); i++) {
		g_auto(GStrv) words = g_strsplit(finds[i].line, " ", -1);
		int count = 0;
		const struct ctl_command *found =
		    ctl_command_find((int)g_strv_length(words), words, &count);

		g_test_message("%s", finds[i].line);
		g_assert_cmpstr(found == NULL ? NULL : found->name, ==, finds[i].name);
		g_assert_cmpint(count, ==, finds[i].words);
	}
	g_assert_null(ctl_command_find(0, NULL, &(int){0}));
}

static void check_options(const struct ctl_command *each, const struct ctl_option *list)
{
	for (; list != NULL && list->name != NULL; list++) {
		g_assert_true(strspn(list->name, "abcdefghijklmnopqrstuvwxyz-") ==
			      strlen(list->name));
		for (const struct ctl_option *common = ctl_common_options(each);
		     common->name != NULL; common++)
			g_assert_cmpstr(list->name, !=, common->name);
	}
}

/* The line of the help is one that the command understands. */
static void check_example(const struct ctl_command *each)
{
	g_auto(GStrv) words = NULL;
	int count = 0;
	int status = 0;
	int used = 0;

	g_assert_nonnull(each->example);
	g_autofree char *line = g_strndup(each->example, strcspn(each->example, "<>|"));
	g_assert_true(g_shell_parse_argv(line, &count, &words, NULL));
	g_assert_true(ctl_command_find(count, words, &used) == each);
	g_autoptr(ctl_call_t) call = ctl_call_parse(each, count - used, words + used, &status);
	g_assert_nonnull(call);
}

/* Names in the list of required options must be options, summaries are lower case without a full
 * stop. */
static void test_every_command(void)
{
	for (size_t i = 0; ctl_commands[i] != NULL; i++) {
		const struct ctl_command *each = ctl_commands[i];

		g_test_message("%s", each->name);
		g_assert_true(each->run != NULL);
		g_assert_true(g_ascii_islower(*each->summary) &&
			      !g_str_has_suffix(each->summary, "."));
		g_assert_true(each->help == NULL || g_str_has_suffix(each->help, "\n"));
		check_example(each);
		check_options(each, each->options);
		for (size_t j = 0; j < i; j++)
			g_assert_cmpstr(ctl_commands[j]->name, !=, each->name);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/command/lines", test_lines);
	g_test_add_func("/command/required-option", test_required_option);
	g_test_add_func("/command/find", test_find);
	g_test_add_func("/command/every-command", test_every_command);
	return g_test_run();
}
