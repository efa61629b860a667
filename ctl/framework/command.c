/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Parsing a command line by a command's description.
 */
#include "ctl/framework/command.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/framework/exit.h"
#include "ctl/framework/help.h"
#include "ctl/framework/table.h"
#include "ctl/framework/value.h"

static const struct ctl_option database_options[] = {
    {"json", NULL, "print JSON instead of a table", NULL},
    {"config", "FILE", "take conninfo from this file (-c)", NULL},
    {"conninfo", "CONNINFO", "libpq connection string", NULL},
    {"help", NULL, "this text (-h)", NULL},
    {0},
};
static const struct ctl_option offline_options[] = {
    {"json", NULL, "print JSON instead of a table", NULL},
    {"help", NULL, "this text (-h)", NULL},
    {0},
};

const struct ctl_option *ctl_common_options(const struct ctl_command *command)
{
	return command->is_offline ? offline_options : database_options;
}

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

static const struct ctl_option *find_in(const struct ctl_option *options, const char *name,
					size_t len)
{
	for (; options != NULL && options->name != NULL; options++)
		if (strlen(options->name) == len && strncmp(options->name, name, len) == 0)
			return options;
	return NULL;
}

static const struct ctl_option *find_option(const struct ctl_command *command, const char *name,
					    size_t len)
{
	const struct ctl_option *option = find_in(command->options, name, len);

	return option != NULL ? option : find_in(ctl_common_options(command), name, len);
}

const struct ctl_option *ctl_option_find(const struct ctl_command *command, const char *name)
{
	return find_option(command, name, strlen(name));
}

/* --- parsing -------------------------------------------------------------------- */

static int usage_status(const struct ctl_command *command)
{
	return command->usage_status != 0 ? command->usage_status : CTL_EXIT_USAGE;
}

int ctl_refuse(const struct ctl_command *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *clean = table_clean(text, true, TABLE_ONE_LINE);
	fprintf(stderr, "bouncectl %s: %s\n", command->name, clean);
	fprintf(stderr, "usage: bouncectl %s%s%s [OPTION...]; \"bouncectl %s --help\" tells more\n",
		command->name, *command->arguments != '\0' ? " " : "", command->arguments,
		command->name);
	return usage_status(command);
}

#define refuse(...) (ctl_refuse(__VA_ARGS__), false)

struct cursor {
	int argc;
	char *const *argv;
	int at;
};

/* The kind that "[ID]...", "[NAME]" or "TEXT" promises. Heap. */
static char *kind_of(const char *spec)
{
	const char *begin = spec + strspn(spec, "[");

	return g_strndup(begin, strcspn(begin, "]."));
}

/* A repeated option counts as it was given last, or together, parted by blanks. */
static bool set_value(struct ctl_call *call, const struct ctl_option *option, const char *text)
{
	bool is_list = option->argument != NULL && g_str_has_suffix(option->argument, "...");
	const char *before = is_list ? g_hash_table_lookup(call->values, option->name) : NULL;
	g_autofree char *kind = kind_of(option->argument == NULL ? "" : option->argument);
	g_autofree char *complaint = NULL;
	g_autofree char *value = ctl_value_read(kind, text, g_get_real_time(), &complaint);

	if (value == NULL)
		return refuse(call->command, "--%s: %s", option->name, complaint);
	char *fresh = before != NULL ? g_strjoin(" ", before, value, NULL) : g_strdup(value);
	g_hash_table_insert(call->values, g_strdup(option->name), fresh);
	return true;
}

static bool refuse_option(const struct ctl_command *command, const char *name, size_t len)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *word = g_strndup(name, len);

	for (const struct ctl_option *option = command->options;
	     option != NULL && option->name != NULL; option++)
		g_ptr_array_add(names, (char *)option->name);
	for (const struct ctl_option *option = ctl_common_options(command); option->name != NULL;
	     option++)
		g_ptr_array_add(names, (char *)option->name);
	g_ptr_array_add(names, NULL);
	const char *near = ctl_suggest(word, (const char *const *)names->pdata);
	if (near != NULL)
		return refuse(command, "there is no option --%s; did you mean --%s?", word, near);
	return refuse(command, "there is no option --%s", word);
}

/* "--name", "--name=value" or "--name value". */
static bool read_option(struct ctl_call *call, struct cursor *cursor)
{
	const char *word = cursor->argv[cursor->at] + 2;
	size_t len = strcspn(word, "=");
	const struct ctl_option *option = find_option(call->command, word, len);
	const char *value = "true";

	if (option == NULL)
		return refuse_option(call->command, word, len);
	if (option->argument == NULL && word[len] == '=')
		return refuse(call->command, "--%s takes no value", option->name);
	if (option->argument != NULL && word[len] == '=')
		value = word + len + 1;
	else if (option->argument != NULL && cursor->at + 1 == cursor->argc)
		return refuse(call->command, "--%s needs a value: %s", option->name,
			      option->argument);
	else if (option->argument != NULL)
		value = cursor->argv[++cursor->at];
	return set_value(call, option, value);
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

/* The option of "--why WHY" among the arguments: must be given, and not be empty. */
static bool check_option(const struct ctl_call *call, const char *name)
{
	return ctl_option(call, name + 2) != NULL || refuse(call->command, "%s is missing", name);
}

static bool check_argument(const struct ctl_call *call, const char *spec, const char *given)
{
	g_autofree char *kind = kind_of(spec);
	g_autofree char *complaint = NULL;

	if (given == NULL)
		return *spec == '[' || refuse(call->command, "%s is missing", kind);
	g_autofree char *value = ctl_value_read(kind, given, g_get_real_time(), &complaint);
	return value != NULL || refuse(call->command, "%s: %s", kind, complaint);
}

/* What "ID..." stands for: all that are left; "-" is the standard input. */
static bool check_rest(const struct ctl_call *call, const char *spec, guint from)
{
	if (call->arguments->len < from)
		return check_argument(call, spec, NULL);
	for (guint i = from; i <= call->arguments->len; i++)
		if (strcmp(ctl_argument(call, i), "-") != 0 &&
		    !check_argument(call, spec, ctl_argument(call, i)))
			return false;
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
		if (g_str_has_suffix(*name, "..."))
			return check_rest(call, *name, count + 1);
		if (!check_argument(call, *name, ctl_argument(call, count + 1)))
			return false;
		count++;
	}
	if (call->arguments->len > count)
		return refuse(call->command, "\"%s\" is too much",
			      (char *)call->arguments->pdata[count]);
	return true;
}

struct ctl_call *ctl_call_parse(const struct ctl_command *command, int argc, char *const *argv,
				int *status_out)
{
	g_autoptr(ctl_call_t) call = g_new0(struct ctl_call, 1);
	struct cursor cursor = {argc, argv, 0};
	bool options_end = false;

	call->command = command;
	call->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	call->arguments = g_ptr_array_new_with_free_func(g_free);
	*status_out = usage_status(command);
	for (const struct ctl_option *option = command->options;
	     option != NULL && option->name != NULL; option++)
		if (option->default_value != NULL &&
		    !set_value(call, option, option->default_value))
			return NULL;
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
