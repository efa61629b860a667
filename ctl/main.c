/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl: one program, a command a module.
 */
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "classifier/mime.h"
#include "ctl/command.h"
#include "ctl/complete.h"
#include "ctl/exit.h"

static void print_usage(FILE *stream)
{
	fputs("usage: bouncectl COMMAND [ARGUMENT...] [OPTION...]\n\ncommands:\n", stream);
	for (size_t i = 0; ctl_commands[i] != NULL; i++)
		fprintf(stream, "  %-14s %s\n", ctl_commands[i]->name, ctl_commands[i]->summary);
	fputs("\n\"bouncectl COMMAND --help\" tells more. \"bouncectl --version\" tells the version.\n", stream);
}

static int run(const struct ctl_command *command, int argc, char **argv)
{
	int status;

	if (command->main != NULL)
		return command->main(argc, argv);
	g_autoptr(ctl_call_t) call = ctl_call_parse(command, argc, argv, &status);
	return call == NULL ? status : command->run(call);
}

static int refuse(const char *name)
{
	if (*name != '\0')
		fprintf(stderr, "bouncectl: there is no command \"%s\"\n", name);
	print_usage(stderr);
	return CTL_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	int words = 0;

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_usage(stdout);
		return CTL_EXIT_OK;
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("bouncectl " BM_VERSION);
		return CTL_EXIT_OK;
	}
	if (strcmp(name, "complete") == 0)
		return ctl_complete(argc - 1, argv + 1);
	mime_init();
	const struct ctl_command *command = ctl_command_find(argc - 1, argv + 1, &words);
	if (command == NULL)
		return refuse(name);
	/* a command that parses for itself gets its name as argv[0] */
	int skip = command->main != NULL ? words : words + 1;
	return run(command, argc - skip, argv + skip);
}
