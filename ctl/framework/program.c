/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which command, or which of the words that are no command.
 */
#include "ctl/framework/program.h"

#include <stdio.h>
#include <string.h>

#include "ctl/framework/call.h"
#include "ctl/framework/each_id.h"
#include "ctl/framework/help.h"
#include "ctl/framework/manual.h"
#include "ctl/framework/name_lookup.h"
#include "ctl/framework/shell_completion.h"
#include "ctl/framework/view.h"
#include "version.h"

static enum ctl_exit_code flushed(void)
{
	return fflush(stdout) == 0 && !ferror(stdout) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* "help", "help task", "help task show": argv is what follows "help". */
static enum ctl_exit_code help(const struct ctl_program *program, int argc, char **argv)
{
	int words = 0;
	const struct ctl_command *command = ctl_command_find(program, argc, argv, &words);

	if (argc == 0) {
		ctl_help_all(program, stdout);
	} else if (command) {
		ctl_help_command(program, command, stdout);
	} else if (ctl_command_has_group(program, argv[0]) && (argc == 1 || is_help(argv[1]))) {
		ctl_help_group(program, argv[0], stdout);
	} else {
		ctl_help_refuse(program, argc, argv);
		return CTL_EXIT_USAGE;
	}
	return flushed();
}

static enum ctl_exit_code run_command(const struct ctl_program *program,
				      const struct ctl_command *command, int argc, char **argv)
{
	enum ctl_exit_code exit_code = CTL_EXIT_USAGE;

	g_autoptr(ctl_call_t) call = ctl_call_parse(command, argc, argv, &exit_code);
	if (!call)
		return exit_code;
	if (ctl_call_has(call, "help")) {
		ctl_help_command(program, command, stdout);
		return flushed();
	}
	call->program = program;
	exit_code = ctl_name_lookup_run(call);
	if (exit_code != CTL_EXIT_OK)
		return exit_code;
	if (command->run)
		return command->run(call);
	return command->each.section.statement ? ctl_each_id_run_all(call, &command->each)
					       : ctl_view_run(call);
}

enum ctl_exit_code ctl_program_run(const struct ctl_program *program, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	int words = 0;

	if (is_help(name))
		return help(program, argc - 2, argv + 2);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("bouncectl " BM_VERSION);
		return flushed();
	}
	if (strcmp(name, "complete") == 0) {
		ctl_shell_completion_print(program, argc - 2, argv + 2);
		return flushed();
	}
	if (strcmp(name, "manual") == 0) {
		ctl_manual_print(program, stdout);
		return flushed();
	}
	const struct ctl_command *command = ctl_command_find(program, argc - 1, argv + 1, &words);
	if (command)
		return run_command(program, command, argc - words - 1, argv + words + 1);
	if (argc > 2 && is_help(argv[2]))
		return help(program, argc - 1, argv + 1);
	ctl_help_refuse(program, argc - 1, argv + 1);
	return CTL_EXIT_USAGE;
}
