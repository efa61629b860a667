/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Help.
 */
#include "ctl/framework/help.h"

#include <string.h>

#include "base/printable_text.h"
#include "base/wrapped_text.h"
#include "ctl/terminal/table_text.h"

/* Where a text begins: of an option, of a command in its group, and in the list of all. */
enum { OPTION_COLUMN = 26, GROUP_COLUMN = 29, ALL_COLUMN = 20 };

/* The name, the text in a column of its own. */
static void print_row(FILE *stream, const char *name, size_t column, const char *text)
{
	g_autofree char *head = g_strdup_printf("  %-*s ", (int)column - 3, name);

	wrapped_text_print(stream, head, text, column);
}

/* The text is wrapped as the source is; paragraphs stand apart. */
static void print_paragraphs(FILE *stream, const char *text)
{
	g_auto(GStrv) paragraphs = g_strsplit(text, "\n\n", -1);

	for (char **paragraph = paragraphs; *paragraph; paragraph++) {
		fputc('\n', stream);
		wrapped_text_print(stream, "", g_strdelimit(*paragraph, "\n", ' '), 0);
	}
}

static void print_option(const struct ctl_option *option, FILE *stream)
{
	g_autofree char *text = ctl_command_option_text(option);
	g_autofree char *left = g_strconcat("--", option->name, option->value ? " " : "",
					    option->value ? option->value->name : "",
					    option->is_repeatable ? "..." : "", NULL);

	print_row(stream, left, OPTION_COLUMN, text);
}

static void print_group(const struct ctl_program *program, const char *word, FILE *stream)
{
	for (size_t i = 0; program->commands[i]; i++) {
		const struct ctl_command *command = program->commands[i];
		g_autofree char *name = g_strconcat("bouncectl ", command->name, NULL);

		if (ctl_command_is_under(command, word))
			print_row(stream, name, GROUP_COLUMN, command->summary);
	}
}

void ctl_help_command(const struct ctl_program *program, const struct ctl_command *command,
		      FILE *stream)
{
	g_autofree char *synopsis = ctl_command_synopsis(command);
	g_autofree char *summary = g_strconcat(command->summary, ".", NULL);
	const struct ctl_option *option;

	fprintf(stream, "usage: bouncectl %s%s%s [OPTION...]\n\n", command->name,
		*synopsis != '\0' ? " " : "", synopsis);
	summary[0] = g_ascii_toupper(summary[0]);
	wrapped_text_print(stream, "", summary, 0);
	if (command->help)
		print_paragraphs(stream, command->help);
	if (command->example)
		fprintf(stream, "\nexample:\n  bouncectl %s\n", command->example);
	fputs("\noptions:\n", stream);
	for (size_t i = 0; (option = ctl_command_option(command, i)); i++)
		print_option(option, stream);
	if (ctl_command_has_group(program, command->name)) {
		fputs("\nsee also:\n", stream);
		print_group(program, command->name, stream);
	}
}

void ctl_help_group(const struct ctl_program *program, const char *word, FILE *stream)
{
	fprintf(stream, "usage: bouncectl %s COMMAND [ARGUMENT...] [OPTION...]\n\ncommands:\n",
		word);
	print_group(program, word, stream);
	fprintf(stream, "\n\"bouncectl %s COMMAND --help\" tells more.\n", word);
}

void ctl_help_all(const struct ctl_program *program, FILE *stream)
{
	fputs("usage: bouncectl COMMAND [ARGUMENT...] [OPTION...]\n\ncommands:\n", stream);
	for (unsigned topic = 0; program->topics[topic]; topic++)
		for (size_t i = 0; program->commands[i]; i++)
			if (program->commands[i]->topic == topic)
				print_row(stream, program->commands[i]->name, ALL_COLUMN,
					  program->commands[i]->summary);
	fputs("\n\"bouncectl help COMMAND\" tells more, with an example.\n"
	      "\"bouncectl --version\" tells the version.\n",
	      stream);
}

/* --- what is not there -------------------------------------------------------------- */

/* The command whose name is nearest to what was written, of one word or two. Heap. */
static char *nearest(const struct ctl_program *program, int argc, char *const *argv)
{
	bool is_group = ctl_command_has_group(program, argv[0]);
	g_autofree char *meant =
	    is_group && argc > 1 ? g_strconcat(argv[0], " ", argv[1], NULL) : g_strdup(argv[0]);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; program->commands[i]; i++) {
		const char *name = program->commands[i]->name;

		if (!is_group)
			g_ptr_array_add(names, g_strndup(name, strcspn(name, " ")));
		else if (ctl_command_is_under(program->commands[i], argv[0]))
			g_ptr_array_add(names, g_strdup(name));
	}
	g_ptr_array_add(names, NULL);
	return g_strdup(ctl_value_type_suggest(meant, (const char *const *)names->pdata));
}

static void say_unknown(const struct ctl_program *program, int argc, char *const *argv)
{
	g_autofree char *near = nearest(program, argc, argv);
	g_autofree char *name = argc > 1 && ctl_command_has_group(program, argv[0])
				    ? g_strconcat(argv[0], " ", argv[1], NULL)
				    : g_strdup(argv[0]);
	g_autofree char *clean = printable_text_clean(name, true, PRINTABLE_TEXT_ONE_LINE);

	fprintf(stderr, "bouncectl: there is no command \"%s\"", clean);
	if (near)
		fprintf(stderr, "; did you mean \"%s\"?", near);
	fputc('\n', stderr);
}

void ctl_help_refuse(const struct ctl_program *program, int argc, char *const *argv)
{
	bool is_group = argc > 0 && ctl_command_has_group(program, argv[0]);

	if (argc < 1) {
		ctl_help_all(program, stderr);
		return;
	}
	if (!is_group || argc > 1)
		say_unknown(program, argc, argv);
	if (is_group)
		ctl_help_group(program, argv[0], stderr);
	else
		fputs("\"bouncectl help\" lists the commands.\n", stderr);
}
