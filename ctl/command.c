/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Parsing a command line by a command's description, and printing that.
 */
#include "ctl/command.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/exit.h"

enum { HELP_COLUMN = 24 }; /* where the text of an option begins */

const struct ctl_option ctl_common_options[] = {
    {"json", NULL, "print JSON instead of a table", NULL},
    {"config", "FILE", "take conninfo from this file (-c)", NULL},
    {"conninfo", "CONNINFO", "libpq connection string", NULL},
    {"help", NULL, "this text (-h)", NULL},
    {NULL, NULL, NULL, NULL},
};

/* --- commands ------------------------------------------------------------------ */

const struct ctl_command *ctl_command_find(int argc, char *const *argv, int *words_out)
{
	g_autofree char *two = argc > 1 ? g_strconcat(argv[0], " ", argv[1], NULL) : g_strdup("");

	for (int words = 2; words >= 1; words--)
		for (size_t i = 0; argc > 0 && ctl_commands[i] != NULL; i++)
			if (strcmp(ctl_commands[i]->name, words == 2 ? two : argv[0]) == 0) {
				*words_out = words;
				return ctl_commands[i];
			}
	return NULL;
}

static const struct ctl_option *find_in(const struct ctl_option *options, const char *name, size_t len)
{
	for (; options != NULL && options->name != NULL; options++)
		if (strlen(options->name) == len && strncmp(options->name, name, len) == 0)
			return options;
	return NULL;
}

static const struct ctl_option *find_option(const struct ctl_command *command, const char *name, size_t len)
{
	const struct ctl_option *option = find_in(command->options, name, len);

	return option != NULL ? option : find_in(ctl_common_options, name, len);
}

/* --- help ---------------------------------------------------------------------- */

static void print_options(const struct ctl_option *options, FILE *stream)
{
	for (; options != NULL && options->name != NULL; options++) {
		g_autofree char *left =
		    g_strconcat("--", options->name, options->argument != NULL ? " " : "", options->argument, NULL);

		fprintf(stream, "  %-*s %s", HELP_COLUMN - 3, left, options->help);
		if (options->default_value != NULL)
			fprintf(stream, " (default: %s)", options->default_value);
		fputc('\n', stream);
	}
}

void ctl_print_help(const struct ctl_command *command, FILE *stream)
{
	bool has_arguments = *command->arguments != '\0';

	fprintf(stream, "usage: bouncectl %s%s%s [OPTION...]\n\n", command->name, has_arguments ? " " : "",
		command->arguments);
	fprintf(stream, "%c%s.\n", g_ascii_toupper(command->summary[0]), command->summary + 1);
	if (command->help != NULL)
		fprintf(stream, "\n%s", command->help);
	fputs("\noptions:\n", stream);
	print_options(command->options, stream);
	print_options(ctl_common_options, stream);
}

/* --- parsing -------------------------------------------------------------------- */

static bool refuse(const struct ctl_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(const struct ctl_command *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	fprintf(stderr, "bouncectl %s: %s\n", command->name, text);
	fprintf(stderr, "usage: bouncectl %s%s%s [OPTION...]; \"bouncectl %s --help\" tells more\n", command->name,
		*command->arguments != '\0' ? " " : "", command->arguments, command->name);
	return false;
}

struct cursor {
	int argc;
	char *const *argv;
	int at;
};

/* A repeated option counts as it was given last, or together, parted by blanks. */
static void set_value(struct ctl_call *call, const struct ctl_option *option, const char *value)
{
	bool is_time = option->argument != NULL && strcmp(option->argument, "TIME") == 0;
	bool is_list = option->argument != NULL && g_str_has_suffix(option->argument, "...");
	const char *before = is_list ? g_hash_table_lookup(call->values, option->name) : NULL;
	char *fresh = before != NULL ? g_strjoin(" ", before, value, NULL)
		      : is_time      ? ctl_time_parse(value, g_get_real_time())
				     : g_strdup(value);

	g_hash_table_insert(call->values, g_strdup(option->name), fresh);
}

/* "--name", "--name=value" or "--name value". */
static bool read_option(struct ctl_call *call, struct cursor *cursor)
{
	const char *word = cursor->argv[cursor->at] + 2;
	size_t len = strcspn(word, "=");
	const struct ctl_option *option = find_option(call->command, word, len);
	const char *value = "true";

	if (option == NULL)
		return refuse(call->command, "there is no option --%.*s", (int)len, word);
	if (option->argument == NULL && word[len] == '=')
		return refuse(call->command, "--%s takes no value", option->name);
	if (option->argument != NULL && word[len] == '=')
		value = word + len + 1;
	else if (option->argument != NULL && cursor->at + 1 == cursor->argc)
		return refuse(call->command, "--%s needs a value: %s", option->name, option->argument);
	else if (option->argument != NULL)
		value = cursor->argv[++cursor->at];
	set_value(call, option, value);
	return true;
}

static bool read_short_option(struct ctl_call *call, struct cursor *cursor)
{
	const char *word = cursor->argv[cursor->at];

	if (strcmp(word, "-h") == 0) {
		g_hash_table_insert(call->values, g_strdup("help"), g_strdup("true"));
		return true;
	}
	if (strcmp(word, "-c") != 0)
		return refuse(call->command, "there is no option %s", word);
	if (cursor->at + 1 == cursor->argc)
		return refuse(call->command, "-c needs a value: FILE");
	g_hash_table_insert(call->values, g_strdup("config"), g_strdup(cursor->argv[++cursor->at]));
	return true;
}

static bool read_word(struct ctl_call *call, struct cursor *cursor, bool *options_end)
{
	const char *word = cursor->argv[cursor->at];

	if (!*options_end && strcmp(word, "--") == 0) {
		*options_end = true;
		return true;
	}
	if (!*options_end && g_str_has_prefix(word, "--"))
		return read_option(call, cursor);
	if (!*options_end && word[0] == '-' && word[1] != '\0')
		return read_short_option(call, cursor);
	g_ptr_array_add(call->arguments, g_strdup(word));
	return true;
}

static bool is_number(const char *text)
{
	return *text != '\0' && strlen(text) <= 18 && strspn(text, "0123456789") == strlen(text);
}

/* The option of "--why WHY" among the arguments: must be given, and not be empty. */
static bool check_option(const struct ctl_call *call, const char *name)
{
	const char *value = ctl_option(call, name + 2);

	return (value != NULL && *value != '\0') || refuse(call->command, "%s is missing", name);
}

static bool check_argument(const struct ctl_call *call, const char *name, const char *given)
{
	if (given == NULL && *name != '[')
		return refuse(call->command, "%s is missing", name);
	if (given != NULL && strcmp(name, "ID") == 0 && !is_number(given))
		return refuse(call->command, "\"%s\" is not a number: %s", given, name);
	return true;
}

/* Holds the arguments against "ID [NAME] --why WHY FILE...". */
static bool check_arguments(const struct ctl_call *call)
{
	g_auto(GStrv) wanted = g_strsplit(call->command->arguments, " ", -1);
	guint count = 0;

	for (char **name = wanted; *name != NULL && **name != '\0'; name++) {
		if (g_str_has_prefix(*name, "--")) {
			if (!check_option(call, *name++))
				return false;
			continue;
		}
		if (!check_argument(call, *name, ctl_argument(call, count + 1)))
			return false;
		count = g_str_has_suffix(*name, "...") ? G_MAXUINT - 1 : count + 1;
	}
	if (call->arguments->len > count)
		return refuse(call->command, "\"%s\" is too much", (char *)call->arguments->pdata[count]);
	return true;
}

struct ctl_call *ctl_call_parse(const struct ctl_command *command, int argc, char *const *argv, int *status_out)
{
	g_autoptr(ctl_call_t) call = g_new0(struct ctl_call, 1);
	struct cursor cursor = {argc, argv, 0};
	bool options_end = false;

	call->command = command;
	call->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	call->arguments = g_ptr_array_new_with_free_func(g_free);
	for (const struct ctl_option *option = command->options; option != NULL && option->name != NULL; option++)
		if (option->default_value != NULL)
			set_value(call, option, option->default_value);
	*status_out = CTL_EXIT_USAGE;
	for (; cursor.at < argc; cursor.at++)
		if (!read_word(call, &cursor, &options_end))
			return NULL;
	if (ctl_flag(call, "help")) {
		ctl_print_help(command, stdout);
		*status_out = CTL_EXIT_OK;
		return NULL;
	}
	return check_arguments(call) ? g_steal_pointer(&call) : NULL;
}

void ctl_call_free(struct ctl_call *call)
{
	if (call == NULL)
		return;
	g_hash_table_unref(call->values);
	g_ptr_array_unref(call->arguments);
	g_free(call);
}

const char *ctl_option(const struct ctl_call *call, const char *name)
{
	return g_hash_table_lookup(call->values, name);
}

bool ctl_flag(const struct ctl_call *call, const char *name)
{
	return g_hash_table_contains(call->values, name);
}

const char *ctl_argument(const struct ctl_call *call, unsigned number)
{
	return number > call->arguments->len ? NULL : call->arguments->pdata[number - 1];
}

/* --- times ------------------------------------------------------------------------ */

static gint64 seconds_of_unit(char unit)
{
	switch (unit) {
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	default:
		return 0;
	}
}

char *ctl_time_parse(const char *text, gint64 now)
{
	char *unit;
	guint64 count = g_ascii_strtoull(text, &unit, 10);

	if (!g_ascii_isdigit(*text) || count > 100000 || unit[0] == '\0' || unit[1] != '\0' ||
	    seconds_of_unit(*unit) == 0)
		return g_strdup(text);
	g_autoptr(GDateTime) at =
	    g_date_time_new_from_unix_utc(now / G_USEC_PER_SEC - (gint64)count * seconds_of_unit(*unit));
	return g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
}
