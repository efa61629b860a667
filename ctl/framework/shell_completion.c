/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Candidates come from the commands themselves, so they cannot be out of date.
 */
#include "ctl/framework/shell_completion.h"

#include <stdio.h>
#include <string.h>

#include "ctl/framework/connect.h"

/* The line so far; the last word is being written. */
struct typed {
	const struct ctl_program *program;
	int argc;
	char *const *argv;
	const char *begun;
};

static void offer(const char *word, const char *begun)
{
	if (g_str_has_prefix(word, begun))
		puts(word);
}

/* The words of commands that follow what is there already: "task " -> show, assign ... */
static void offer_commands(const struct typed *typed, const char *before)
{
	g_autoptr(GHashTable) offered =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (size_t i = 0; typed->program->commands[i]; i++) {
		const char *name = typed->program->commands[i]->name;

		if (!g_str_has_prefix(name, before))
			continue;
		const char *rest = name + strlen(before);
		char *word = g_strndup(rest, strcspn(rest, " "));
		if (!g_hash_table_contains(offered, word))
			offer(word, typed->begun);
		g_hash_table_add(offered, word);
	}
}

static void offer_options(const struct ctl_command *command, const char *begun)
{
	const struct ctl_option *option;

	for (size_t i = 0; (option = ctl_command_option(command, i)); i++) {
		g_autofree char *word = g_strconcat("--", option->name, NULL);

		offer(word, begun);
	}
}

/* --- words that the database knows ------------------------------------------------------ */

/* A call that has what the line says of the database, and nothing else. */
static struct ctl_call *connection_of(const struct typed *typed)
{
	static const struct ctl_command none = {.name = "complete"};
	enum ctl_exit_code exit_code;
	struct ctl_call *call = ctl_call_parse(&none, 0, NULL, &exit_code);

	for (int i = 0; i + 1 < typed->argc; i++) {
		const char *word = typed->argv[i];

		if (strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0)
			ctl_call_set(call, "config", typed->argv[i + 1]);
		else if (strcmp(word, "--conninfo") == 0)
			ctl_call_set(call, "conninfo", typed->argv[i + 1]);
	}
	return call;
}

/* Where the database cannot be asked nothing is offered: an error would stand in the middle
 * of the line that is being written. */
static void offer_stored(const struct typed *typed, const struct db_statement *statement)
{
	g_autoptr(ctl_call_t) call = connection_of(typed);
	g_autoptr(db_rows_t) rows = ctl_connect_fetch(call, statement, NULL, NULL);

	for (size_t row = 0; rows && row < db_rows_count(rows); row++)
		offer(db_rows_get(rows, row, 0), typed->begun);
}

static void offer_value(const struct typed *typed, const struct ctl_value_type *value)
{
	g_auto(GStrv) words = ctl_value_type_words(value);

	if (value->is_file)
		puts("@files");
	for (char **word = words; word && *word; word++)
		offer(*word, typed->begun);
	if (value->completion)
		offer_stored(typed, value->completion);
}

/* --- all ---------------------------------------------------------------------------------- */

/* The option before the last word, if it takes a value; or NULL. */
static const struct ctl_option *open_option(const struct typed *typed,
					    const struct ctl_command *command)
{
	const char *word = typed->argv[typed->argc - 2];
	const char *name = strcmp(word, "-c") == 0 ? "--config" : word;
	const struct ctl_option *option =
	    g_str_has_prefix(name, "--") ? ctl_command_option_find(command, name + 2) : NULL;

	return option && option->value ? option : NULL;
}

static void offer_within(const struct typed *typed, const struct ctl_command *command)
{
	const struct ctl_option *option = open_option(typed, command);

	if (option) {
		offer_value(typed, option->value);
		return;
	}
	if (*typed->begun == '-') {
		offer_options(command, typed->begun);
		return;
	}
	for (const struct ctl_argument *argument = command->arguments; argument->value; argument++)
		offer_value(typed, argument->value);
}

void ctl_shell_completion_print(const struct ctl_program *program, int argc, char *const *argv)
{
	const struct typed typed = {program, argc, argv, argc > 0 ? argv[argc - 1] : ""};
	int words = 0;
	const struct ctl_command *command = ctl_command_find(program, argc - 1, argv, &words);

	if (argc > 1 && strcmp(argv[0], "help") == 0) {
		ctl_shell_completion_print(program, argc - 1, argv + 1);
		return;
	}
	if (argc <= 1) {
		offer_commands(&typed, "");
		offer("help", typed.begun);
	}
	if (argc == 2 && !(command && open_option(&typed, command))) {
		g_autofree char *before = g_strconcat(argv[0], " ", NULL);
		offer_commands(&typed, before);
	}
	if (command)
		offer_within(&typed, command);
}
