/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl: one program, a command a module.
 */
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "classifier/mime.h"
#include "ctl/classify.h"
#include "ctl/db.h"
#include "ctl/exit.h"
#include "ctl/queue.h"
#include "ctl/reasons.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
    {"classify", ctl_classify, "say what mails are: class, reason and recipient of each bounce"},
    {"db", ctl_db, "create, migrate or check the database schema"},
    {"queue", ctl_queue, "look at the delivery queue: list, show, retry, hold, release, cancel, metrics"},
    {"reasons", ctl_reasons, "list the reasons and the class of each"},
};

static void print_usage(FILE *stream)
{
	fputs("usage: bouncectl COMMAND [OPTION...] [ARGUMENT...]\n\ncommands:\n", stream);
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n\"bouncectl COMMAND --help\" tells more. \"bouncectl --version\" tells the version.\n", stream);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		print_usage(stdout);
		return CTL_EXIT_OK;
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("bouncectl " BM_VERSION);
		return CTL_EXIT_OK;
	}
	mime_init();
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (*name != '\0')
		fprintf(stderr, "bouncectl: there is no command \"%s\"\n", name);
	print_usage(stderr);
	return CTL_EXIT_USAGE;
}
