/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Looking into descriptions of commands.
 */
#include "ctl/framework/command.h"

#include <string.h>

static const struct ctl_option database_options[] = {
    {.name = "json", .help = "print JSON instead of a table"},
    {.name = "config", .value = &ctl_value_type_file, .help = "take conninfo from this file (-c)"},
    {.name = "conninfo",
     .value = &(const struct ctl_value_type){.name = "CONNINFO"},
     .help = "libpq connection string"},
    {.name = "help", .help = "this text (-h)"},
    {0},
};
static const struct ctl_option offline_options[] = {
    {.name = "json", .help = "print JSON instead of a table"},
    {.name = "help", .help = "this text (-h)"},
    {0},
};

/* --- finding commands -------------------------------------------------------------- */

const struct ctl_command *ctl_command_find(const struct ctl_program *program, int argc,
					   char *const *argv, int *words_out)
{
	g_autofree char *two = argc > 1 ? g_strconcat(argv[0], " ", argv[1], NULL) : g_strdup("");

	for (int words = 2; words >= 1; words--)
		for (size_t i = 0; argc > 0 && program->commands[i]; i++)
			if (strcmp(program->commands[i]->name, words == 2 ? two : argv[0]) == 0) {
				*words_out = words;
				return program->commands[i];
			}
	return NULL;
}

bool ctl_command_is_under(const struct ctl_command *command, const char *word)
{
	size_t len = strlen(word);

	return strncmp(command->name, word, len) == 0 && command->name[len] == ' ';
}

bool ctl_command_has_group(const struct ctl_program *program, const char *word)
{
	for (size_t i = 0; program->commands[i]; i++)
		if (ctl_command_is_under(program->commands[i], word))
			return true;
	return false;
}

/* --- options ------------------------------------------------------------------------ */

static size_t list_length(const struct ctl_option *options)
{
	size_t length = 0;

	while (options[length].name)
		length++;
	return length;
}

const struct ctl_option *ctl_command_option(const struct ctl_command *command, size_t place)
{
	const struct ctl_option *common = command->is_offline ? offline_options : database_options;

	for (size_t i = 0; command->options[i]; i++) {
		size_t length = list_length(command->options[i]);

		if (place < length)
			return &command->options[i][place];
		place -= length;
	}
	return place < list_length(common) ? &common[place] : NULL;
}

const struct ctl_option *ctl_command_option_find(const struct ctl_command *command,
						 const char *name)
{
	const struct ctl_option *option;

	for (size_t i = 0; (option = ctl_command_option(command, i)); i++)
		if (strcmp(option->name, name) == 0)
			return option;
	return NULL;
}

bool ctl_command_has_own_option(const struct ctl_command *command, const struct ctl_option *option)
{
	for (size_t i = 0; command->options[i]; i++)
		for (size_t j = 0; command->options[i][j].name; j++)
			if (&command->options[i][j] == option)
				return true;
	return false;
}

char *ctl_command_option_text(const struct ctl_option *option)
{
	GString *text = g_string_new(option->help);

	if (option->value && option->value->words) {
		g_autofree char *words = g_strjoinv(", ", (char **)option->value->words);

		g_string_append_printf(text, ": %s", words);
	}
	if (option->default_value)
		g_string_append_printf(text, " (default: %s)", option->default_value);
	return g_string_free(text, FALSE);
}

/* --- the usage line ------------------------------------------------------------------ */

static void append_argument(GString *text, const struct ctl_argument *argument)
{
	bool may_lack = argument->arity == CTL_OPTIONAL || argument->arity == CTL_ANY_NUMBER;
	bool may_repeat = argument->arity == CTL_ONE_OR_MORE || argument->arity == CTL_ANY_NUMBER;

	g_string_append_printf(text, "%s%s%s%s%s", text->len > 0 ? " " : "", may_lack ? "[" : "",
			       argument->value->name, may_lack ? "]" : "", may_repeat ? "..." : "");
}

char *ctl_command_synopsis(const struct ctl_command *command)
{
	GString *text = g_string_new(NULL);
	const struct ctl_option *option;

	for (const struct ctl_argument *argument = command->arguments; argument->value; argument++)
		append_argument(text, argument);
	for (size_t i = 0; (option = ctl_command_option(command, i)); i++)
		if (option->is_required)
			g_string_append_printf(text, "%s--%s %s", text->len > 0 ? " " : "",
					       option->name, option->value->name);
	return g_string_free(text, FALSE);
}
