/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl complete: what may come next, for etc/completion/bouncectl.bash.
 * Made from the commands themselves, so that it cannot be out of date.
 */
#include "ctl/complete.h"

#include <stdio.h>
#include <string.h>

#include "classifier/reason.h"
#include "ctl/exit.h"

static void offer(const char *word, const char *begun)
{
	if (g_str_has_prefix(word, begun))
		puts(word);
}

/* The words of commands that follow what stands already: "task " -> show, assign ... */
static void offer_commands(const char *before, const char *begun)
{
	g_autoptr(GHashTable) offered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

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

static void offer_words(const char *const *words, const char *begun)
{
	for (; *words != NULL; words++)
		offer(*words, begun);
}

/* Values that are known here; true if the option before takes one. */
static bool offer_values(const char *option, const char *begun)
{
	static const char *const classes[] = {"hard", "soft", "technical", "auto_reply", "unclassified", NULL};
	static const char *const dimensions[] = {"class", "reason", "process", "domain", "remote_mta", "rule",
						 "trust", "hour",   "day",     "week",   "month",      NULL};
	size_t count;
	const struct reason *reasons = reason_all(&count);

	if (strcmp(option, "--class") == 0)
		offer_words(classes, begun);
	else if (strcmp(option, "--by") == 0)
		offer_words(dimensions, begun);
	for (size_t i = 0; strcmp(option, "--as") == 0 && i < count; i++)
		offer(reasons[i].name, begun);
	return strcmp(option, "--class") == 0 || strcmp(option, "--by") == 0 || strcmp(option, "--as") == 0;
}

/* argv: the words after "bouncectl"; the last is the one being written. */
int ctl_complete(int argc, char **argv)
{
	int words = 0;
	const char *begun = argc > 1 ? argv[argc - 1] : "";
	const struct ctl_command *command = ctl_command_find(argc - 2, argv + 1, &words);

	if (argc > 2 && offer_values(argv[argc - 2], begun))
		return CTL_EXIT_OK;
	if (argc <= 2)
		offer_commands("", begun);
	if (argc == 3) {
		g_autofree char *before = g_strconcat(argv[1], " ", NULL);
		offer_commands(before, begun);
	}
	if (command != NULL && *begun == '-') {
		offer_options(command->options, begun);
		if (command->main == NULL)
			offer_options(ctl_common_options, begun);
	}
	return CTL_EXIT_OK;
}
