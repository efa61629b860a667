/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl's command lines: what is understood, what is refused, and that every command
 * describes itself.
 */
#include <string.h>

#include <glib.h>

#include "ctl/framework/call.h"
#include "ctl/registry.h"

/* arguments and the two options' values, or that it is refused */
static const struct {
	const char *line;
	enum ctl_exit_code exit_code; /* CTL_EXIT_OK: understood */
	const char *arguments;
	const char *limit;
	const char *to;
	bool json;
} rows[] = {
    {"one 5", CTL_EXIT_OK, "5", "10", NULL, false},
    {"one 5 --json", CTL_EXIT_OK, "5", "10", NULL, true},
    {"one --json 5 --limit 3", CTL_EXIT_OK, "5", "3", NULL, true},
    {"one --limit=3 5", CTL_EXIT_OK, "5", "3", NULL, false},
    {"one 5 --limit 3 --limit 4", CTL_EXIT_OK, "5", "4", NULL, false},
    {"one 5 --to a --to b", CTL_EXIT_OK, "5", "10", "a b", false},
    {"one 5 -- --json", CTL_EXIT_OK, "5,--json", "10", NULL, false},
    {"one 5 -", CTL_EXIT_OK, "5,-", "10", NULL, false},
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
    {.name = "limit", .value = &ctl_value_type_count, .help = "how many", .default_value = "10"},
    {.name = "to", .value = &ctl_value_type_name, .help = "whom", .is_repeatable = true},
    {0},
};
static const struct ctl_command command = {
    .name = "one",
    .arguments = {{&ctl_value_type_id, CTL_ONE}, {&ctl_value_type_name, CTL_OPTIONAL}},
    .summary = "try",
    .options = {options}};

/* What is said on stderr of a refusal is not TAP: it is caught. */
static struct ctl_call *parse(const char *line, enum ctl_exit_code *exit_out)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);

	return ctl_call_parse(&command, (int)g_strv_length(words) - 1, words + 1, exit_out);
}

/* All values of the option, separated by blanks; NULL for none. */
static char *joined(const struct ctl_call *call, const char *name)
{
	const char *const *values = ctl_call_option_values(call, name);

	return values ? g_strjoinv(" ", (char **)values) : NULL;
}

static void test_lines(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		enum ctl_exit_code exit_code = CTL_EXIT_OK;
		g_autoptr(ctl_call_t) call = parse(rows[i].line, &exit_code);

		g_test_message("%s", rows[i].line);
		g_assert_true((call != NULL) == (rows[i].exit_code == CTL_EXIT_OK));
		if (!call) {
			g_assert_cmpint(exit_code, ==, rows[i].exit_code);
			continue;
		}
		g_autofree char *to = joined(call, "to");
		g_ptr_array_add(call->arguments, NULL);
		g_autofree char *arguments = g_strjoinv(",", (char **)call->arguments->pdata);
		g_assert_cmpstr(arguments, ==, rows[i].arguments);
		g_assert_cmpstr(ctl_call_option(call, "limit"), ==, rows[i].limit);
		g_assert_cmpstr(to, ==, rows[i].to);
		g_assert_true(ctl_call_has(call, "json") == rows[i].json);
	}
}

static void test_required_option(void)
{
	static const struct ctl_option why[] = {
	    {.name = "why", .value = &ctl_value_type_text, .help = "why", .is_required = true},
	    {0}};
	static const struct ctl_command block = {.name = "block",
						 .arguments = {{&ctl_value_type_name, CTL_ONE}},
						 .summary = "block",
						 .options = {why}};
	char *const good[] = {"a@example.org", "--why", "because"};
	char *const without[] = {"a@example.org"};
	char *const empty[] = {"a@example.org", "--why", ""};
	enum ctl_exit_code exit_code = CTL_EXIT_OK;
	g_autoptr(ctl_call_t) call = ctl_call_parse(&block, 3, good, &exit_code);

	g_assert_nonnull(call);
	g_assert_cmpstr(ctl_call_option(call, "why"), ==, "because");
	g_assert_null(ctl_call_parse(&block, 1, without, &exit_code));
	g_assert_cmpint(exit_code, ==, CTL_EXIT_USAGE);
	g_assert_null(ctl_call_parse(&block, 3, empty, &exit_code));
	g_assert_cmpint(exit_code, ==, CTL_EXIT_USAGE);
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
		    ctl_command_find(&registry_bouncectl, (int)g_strv_length(words), words, &count);

		g_test_message("%s", finds[i].line);
		g_assert_cmpstr(!found ? NULL : found->name, ==, finds[i].name);
		g_assert_cmpint(count, ==, finds[i].words);
	}
	g_assert_null(ctl_command_find(&registry_bouncectl, 0, NULL, &(int){0}));
}

/* Names are words, and none stands twice, not even beside those that every command takes. */
static void check_options(const struct ctl_command *each)
{
	const struct ctl_option *option;

	for (size_t i = 0; (option = ctl_command_option(each, i)); i++) {
		g_assert_true(strspn(option->name, "abcdefghijklmnopqrstuvwxyz-") ==
			      strlen(option->name));
		g_assert_true(ctl_command_option_find(each, option->name) == option);
		g_assert_nonnull(option->help);
		g_assert_true(!option->is_required || option->value);
	}
}

static bool takes(const struct ctl_command *each, const char *name)
{
	for (const struct ctl_argument *argument = each->arguments; argument->value; argument++)
		if (strcmp(argument->value->name, name) == 0)
			return true;
	return ctl_command_option_find(each, name);
}

/* What a view binds is something that the command takes. */
static void check_view(const struct ctl_command *each)
{
	for (size_t i = 0; each->view.parameters[i]; i++)
		g_assert_true(takes(each, each->view.parameters[i]));
	for (size_t i = 0; each->view.sections[i].name; i++)
		g_assert_cmpuint(each->view.sections[i].statement->argument_count, <=,
				 CTL_PARAMETERS_MAX);
}

/* The line of the help is one that the command understands. */
static void check_example(const struct ctl_command *each)
{
	g_auto(GStrv) words = NULL;
	int count = 0;
	enum ctl_exit_code exit_code = CTL_EXIT_OK;
	int used = 0;

	g_assert_nonnull(each->example);
	g_autofree char *line = g_strndup(each->example, strcspn(each->example, "<>|"));
	g_assert_true(g_shell_parse_argv(line, &count, &words, NULL));
	g_assert_true(ctl_command_find(&registry_bouncectl, count, words, &used) == each);
	g_autoptr(ctl_call_t) call = ctl_call_parse(each, count - used, words + used, &exit_code);
	g_assert_nonnull(call);
}

static void test_every_command(void)
{
	for (size_t i = 0; registry_bouncectl.commands[i]; i++) {
		const struct ctl_command *each = registry_bouncectl.commands[i];

		g_test_message("%s", each->name);
		g_assert_cmpuint(each->topic, <, g_strv_length((char **)registry_bouncectl.topics));
		g_assert_true(each->run || each->each.section.statement ||
			      each->view.sections[0].name);
		g_assert_true(g_ascii_islower(*each->summary) &&
			      !g_str_has_suffix(each->summary, "."));
		g_assert_true(!each->help || g_str_has_suffix(each->help, "\n"));
		check_example(each);
		check_options(each);
		check_view(each);
		for (size_t j = 0; j < i; j++)
			g_assert_cmpstr(registry_bouncectl.commands[j]->name, !=, each->name);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/lines", test_lines);
	g_test_add_func("/call/required-option", test_required_option);
	g_test_add_func("/call/find", test_find);
	g_test_add_func("/call/every-command", test_every_command);
	return g_test_run();
}
