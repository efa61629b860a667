/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl: one program, a command a module.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "ctl/framework/command.h"
#include "ctl/framework/complete.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/help.h"

static int run(const struct ctl_command *command, int argc, char **argv)
{
	int status;

	g_autoptr(ctl_call_t) call = ctl_call_parse(command, argc, argv, &status);
	return call == NULL ? status : command->run(call);
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* "help", "help task", "help task show": argv is what follows. */
static int help(int argc, char **argv)
{
	int words = 0;
	const struct ctl_command *command = argc == 0 ? NULL : ctl_command_find(argc, argv, &words);

	if (argc == 0) {
		ctl_help_all(stdout);
	} else if (command != NULL) {
		ctl_print_help(command, stdout);
	} else if (ctl_help_is_group(argv[0]) && (argc == 1 || is_help(argv[1]))) {
		ctl_help_group(argv[0], stdout);
	} else {
		ctl_help_refuse(argc, argv);
		return CTL_EXIT_USAGE;
	}
	return fflush(stdout) == 0 ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	int words = 0;

	if (is_help(name))
		return help(argc - 2, argv + 2);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("bouncectl " BM_VERSION);
		return CTL_EXIT_OK;
	}
	if (strcmp(name, "complete") == 0)
		return ctl_complete(argc - 1, argv + 1);
	const struct ctl_command *command = ctl_command_find(argc - 1, argv + 1, &words);
	if (command == NULL && argc > 2 && is_help(argv[2]))
		return help(argc - 1, argv + 1);
	if (command == NULL) {
		ctl_help_refuse(argc - 1, argv + 1);
		return CTL_EXIT_USAGE;
	}
	mime_init();
	return run(command, argc - words - 1, argv + words + 1);
}
