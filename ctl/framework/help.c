/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Help, made from the commands themselves.
 */
#include "ctl/framework/help.h"

#include <string.h>

#include "ctl/framework/table.h"
#include "ctl/framework/value.h"

enum { HELP_COLUMN = 26 }; /* where the text of an option begins */

static void print_options(const struct ctl_option *options, FILE *stream)
{
	for (; options != NULL && options->name != NULL; options++) {
		g_autofree char *left =
		    g_strconcat("--", options->name, options->argument != NULL ? " " : "",
				options->argument, NULL);

		fprintf(stream, "  %-*s %s", HELP_COLUMN - 3, left, options->help);
		if (options->default_value != NULL)
			fprintf(stream, " (default: %s)", options->default_value);
		fputc('\n', stream);
	}
}

static bool is_under(const char *name, const char *word)
{
	size_t len = strlen(word);

	return strncmp(name, word, len) == 0 && name[len] == ' ';
}

static void print_commands(const char *word, FILE *stream)
{
	for (size_t i = 0; ctl_commands[i] != NULL; i++)
		if (is_under(ctl_commands[i]->name, word))
			fprintf(stream, "  bouncectl %-16s %s\n", ctl_commands[i]->name,
				ctl_commands[i]->summary);
}

void ctl_print_help(const struct ctl_command *command, FILE *stream)
{
	bool has_arguments = *command->arguments != '\0';

	fprintf(stream, "usage: bouncectl %s%s%s [OPTION...]\n\n", command->name,
		has_arguments ? " " : "", command->arguments);
	fprintf(stream, "%c%s.\n", g_ascii_toupper(command->summary[0]), command->summary + 1);
	if (command->help != NULL)
		fprintf(stream, "\n%s", command->help);
	if (command->example != NULL)
		fprintf(stream, "\nexample:\n  bouncectl %s\n", command->example);
	fputs("\noptions:\n", stream);
	print_options(command->options, stream);
	print_options(ctl_common_options(command), stream);
	if (ctl_help_is_group(command->name)) {
		fputs("\nsee also:\n", stream);
		print_commands(command->name, stream);
	}
}

bool ctl_help_is_group(const char *word)
{
	for (size_t i = 0; ctl_commands[i] != NULL; i++)
		if (is_under(ctl_commands[i]->name, word))
			return true;
	return false;
}

void ctl_help_group(const char *word, FILE *stream)
{
	fprintf(stream, "usage: bouncectl %s COMMAND [ARGUMENT...] [OPTION...]\n\ncommands:\n",
		word);
	print_commands(word, stream);
	fprintf(stream, "\n\"bouncectl %s COMMAND --help\" tells more.\n", word);
}

void ctl_help_all(FILE *stream)
{
	fputs("usage: bouncectl COMMAND [ARGUMENT...] [OPTION...]\n\ncommands:\n", stream);
	for (size_t i = 0; ctl_commands[i] != NULL; i++)
		fprintf(stream, "  %-17s %s\n", ctl_commands[i]->name, ctl_commands[i]->summary);
	fputs("\n\"bouncectl help COMMAND\" tells more, with an example. \"bouncectl --version\" "
	      "tells the version.\n",
	      stream);
}

/* --- what is not there -------------------------------------------------------------- */

/* The command whose name is nearest to what was written, of one word or two. Heap. */
static char *nearest(int argc, char *const *argv)
{
	bool is_group = ctl_help_is_group(argv[0]);
	g_autofree char *meant =
	    is_group && argc > 1 ? g_strconcat(argv[0], " ", argv[1], NULL) : g_strdup(argv[0]);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autoptr(GPtrArray) firsts = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; ctl_commands[i] != NULL; i++) {
		const char *name = ctl_commands[i]->name;
		char *first = g_strndup(name, strcspn(name, " "));

		g_ptr_array_add(firsts, first);
		if (is_under(name, argv[0]) || !is_group)
			g_ptr_array_add(names, is_group || strchr(name, ' ') == NULL ? (char *)name
										     : first);
	}
	g_ptr_array_add(names, NULL);
	const char *found = ctl_suggest(meant, (const char *const *)names->pdata);
	return g_strdup(found);
}

void ctl_help_refuse(int argc, char *const *argv)
{
	if (argc < 1) {
		ctl_help_all(stderr);
		return;
	}
	bool is_group = ctl_help_is_group(argv[0]);
	g_autofree char *near = nearest(argc, argv);
	g_autofree char *name = table_clean(argv[0], true, TABLE_ONE_LINE);
	g_autofree char *second = table_clean(argc > 1 ? argv[1] : "", true, TABLE_ONE_LINE);

	if (is_group && argc > 1)
		fprintf(stderr, "bouncectl: there is no command \"%s %s\"", name, second);
	else if (!is_group)
		fprintf(stderr, "bouncectl: there is no command \"%s\"", name);
	if (!is_group || argc > 1)
		fprintf(stderr, "%s%s%s\n", near != NULL ? "; did you mean \"" : "",
			near != NULL ? near : "", near != NULL ? "\"?" : "");
	if (is_group)
		ctl_help_group(argv[0], stderr);
	else
		fputs("\"bouncectl help\" lists the commands.\n", stderr);
}
