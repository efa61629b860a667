/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl complete: what may come next, for etc/completion/bouncectl.bash.
 * Made from the commands themselves, so that it cannot be out of date.
 */
#include "ctl/framework/complete.h"

#include <stdio.h>
#include <string.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/value.h"
#include "db/operator_queries.h"

static void offer(const char *word, const char *begun)
{
	if (g_str_has_prefix(word, begun))
		puts(word);
}

/* The words of commands that follow what stands already: "task " -> show, assign ... */
static void offer_commands(const char *before, const char *begun)
{
	g_autoptr(GHashTable) offered =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (size_t i = 0; ctl_commands[i] != NULL; i++) {
		if (!g_str_has_prefix(ctl_commands[i]->name, before))
			continue;
		const char *rest = ctl_commands[i]->name + strlen(before);
		char *word = g_strndup(rest, strcspn(rest, " "));
		if (!g_hash_table_contains(offered, word))
			offer(word, begun);
		g_hash_table_add(offered, word);
	}
}

static void offer_options(const struct ctl_option *options, const char *begun)
{
	for (; options != NULL && options->name != NULL; options++) {
		g_autofree char *word = g_strconcat("--", options->name, NULL);

		offer(word, begun);
	}
}

/* --- words that the database knows ------------------------------------------------------ */

/* Where it is, as the line so far says. */
static void read_connection(struct ctl_call *call, int argc, char *const *argv)
{
	for (int i = 0; i + 1 < argc; i++) {
		bool is_config = strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--config") == 0;

		if (is_config || strcmp(argv[i], "--conninfo") == 0)
			g_hash_table_insert(call->values,
					    g_strdup(is_config ? "config" : "conninfo"),
					    g_strdup(argv[i + 1]));
	}
}

/* Where it cannot be asked there is nothing to offer: nobody wants to read why in the
 * middle of a line. */
static void offer_stored(const char *what, int argc, char *const *argv, const char *begun)
{
	struct ctl_call call = {.values =
				    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};

	read_connection(&call, argc, argv);
	g_autoptr(db_pool_t) pool = ctl_connect(&call, NULL);
	g_autoptr(db_rows_t) rows =
	    pool == NULL ? NULL : db_rows_fetch(pool, &people_words, &what, NULL);
	for (size_t row = 0; rows != NULL && row < db_rows_count(rows); row++)
		offer(db_rows_get(rows, row, 0), begun);
	g_hash_table_unref(call.values);
}

/* What the arguments of a command are, where they are few enough to be offered. */
static const char *stored_of(const struct ctl_command *command)
{
	if (g_str_has_prefix(command->name, "task "))
		return "task";
	return g_str_has_prefix(command->name, "params ") ? "parameter" : NULL;
}

/* --- all ---------------------------------------------------------------------------------- */

/* The words that the option before may take; true if it takes a value. */
static bool offer_values(const struct ctl_command *command, int argc, char *const *argv)
{
	const char *word = argv[argc - 2];
	const char *begun = argv[argc - 1];
	const struct ctl_option *option =
	    g_str_has_prefix(word, "--") ? ctl_option_find(command, word + 2) : NULL;

	if (option == NULL || option->argument == NULL)
		return false;
	g_auto(GStrv) words = ctl_value_words(option->argument);
	for (char **each = words; each != NULL && *each != NULL; each++)
		offer(*each, begun);
	if (strcmp(option->name, "process") == 0)
		offer_stored("process", argc, argv, begun);
	return true;
}

/* argv: the words after "bouncectl"; the last is the one being written. */
int ctl_complete(int argc, char **argv)
{
	int words = 0;
	const char *begun = argc > 1 ? argv[argc - 1] : "";
	const struct ctl_command *command = ctl_command_find(argc - 2, argv + 1, &words);

	if (argc > 2 && strcmp(argv[1], "help") == 0)
		return ctl_complete(argc - 1, argv + 1);
	if (command != NULL && argc > 2 && offer_values(command, argc, argv))
		return CTL_EXIT_OK;
	if (argc <= 2) {
		offer_commands("", begun);
		offer("help", begun);
	}
	if (argc == 3) {
		g_autofree char *before = g_strconcat(argv[1], " ", NULL);
		offer_commands(before, begun);
	}
	if (command != NULL && *begun == '-') {
		offer_options(command->options, begun);
		offer_options(ctl_common_options(command), begun);
	}
	if (command != NULL && words > 0 && *begun != '-' && stored_of(command) != NULL)
		offer_stored(stored_of(command), argc, argv, begun);
	return CTL_EXIT_OK;
}
