/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Parsing command lines.
 */
#include "ctl/framework/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/printable_text.h"
#include "ctl/terminal/output.h"
#include "ctl/terminal/table_text.h"
#include "db/pool.h"

/* --- what was said -------------------------------------------------------------------- */

static GPtrArray *values_of(const struct ctl_call *call, const char *name)
{
	return g_hash_table_lookup(call->values, name);
}

const char *ctl_call_option(const struct ctl_call *call, const char *name)
{
	GPtrArray *values = values_of(call, name);

	return values ? values->pdata[values->len - 2] : NULL; /* before the closing NULL */
}

const char *const *ctl_call_option_values(const struct ctl_call *call, const char *name)
{
	GPtrArray *values = values_of(call, name);

	return values ? (const char *const *)values->pdata : NULL;
}

bool ctl_call_has(const struct ctl_call *call, const char *name)
{
	return values_of(call, name);
}

static void append_call_value(struct ctl_call *call, const char *name, const char *value)
{
	GPtrArray *values = values_of(call, name);

	g_ptr_array_insert(values, (gint)values->len - 1, g_strdup(value));
}

void ctl_call_set(struct ctl_call *call, const char *name, const char *value)
{
	GPtrArray *values = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(values, g_strdup(value));
	g_ptr_array_add(values, NULL);
	g_hash_table_insert(call->values, g_strdup(name), values);
}

const char *ctl_call_argument(const struct ctl_call *call, unsigned number)
{
	return number > call->arguments->len ? NULL : call->arguments->pdata[number - 1];
}

void ctl_call_set_argument(struct ctl_call *call, unsigned number, const char *value)
{
	char *was = call->arguments->pdata[number - 1];

	call->arguments->pdata[number - 1] = g_strdup(value);
	g_free(was);
}

const char *ctl_call_value(const struct ctl_call *call, const char *name)
{
	for (unsigned i = 0; call->command->arguments[i].value; i++)
		if (strcmp(call->command->arguments[i].value->name, name) == 0)
			return ctl_call_argument(call, i + 1);
	return ctl_call_option(call, name);
}

/* --- refusing --------------------------------------------------------------------------- */

static void say_complaint(const struct ctl_call *call, const char *text)
{
	g_autofree char *clean = printable_text_clean(text, true, PRINTABLE_TEXT_ONE_LINE);

	fprintf(stderr, "bouncectl %s: %s\n", call->command->name, clean);
}

static enum ctl_exit_code usage_exit_code(const struct ctl_command *command)
{
	return command->usage_exit_code != CTL_EXIT_OK ? command->usage_exit_code : CTL_EXIT_USAGE;
}

void ctl_call_say(const struct ctl_call *call, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	say_complaint(call, text);
}

enum ctl_exit_code ctl_call_refuse(const struct ctl_call *call, const char *format, ...)
{
	const struct ctl_command *command = call->command;
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *synopsis = ctl_command_synopsis(command);
	say_complaint(call, text);
	fprintf(stderr, "usage: bouncectl %s%s%s [OPTION...]; \"bouncectl %s --help\" tells more\n",
		command->name, *synopsis != '\0' ? " " : "", synopsis, command->name);
	return usage_exit_code(command);
}

#define refuse(...) (ctl_call_refuse(__VA_ARGS__), false)

/* --- options -------------------------------------------------------------------------------- */

struct cursor {
	int argc;
	char *const *argv;
	int at;
	bool options_end;
};

static bool set_option_value(struct ctl_call *call, const struct ctl_option *option,
			     const char *text)
{
	g_autofree char *complaint = NULL;
	g_autofree char *value =
	    option->value ? ctl_value_type_read(option->value, text, g_get_real_time(), &complaint)
			  : g_strdup(text);

	if (!value)
		return refuse(call, "--%s: %s", option->name, complaint);
	if (option->is_repeatable && ctl_call_has(call, option->name))
		append_call_value(call, option->name, value);
	else
		ctl_call_set(call, option->name, value);
	return true;
}

static bool refuse_option(const struct ctl_call *call, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const struct ctl_option *option;

	for (size_t i = 0; (option = ctl_command_option(call->command, i)); i++)
		g_ptr_array_add(names, (char *)option->name);
	g_ptr_array_add(names, NULL);
	const char *near = ctl_value_type_suggest(name, (const char *const *)names->pdata);
	if (near)
		return refuse(call, "there is no option --%s; did you mean --%s?", name, near);
	return refuse(call, "there is no option --%s", name);
}

/* "--name", "--name=value" or "--name value". */
static bool read_long_option(struct ctl_call *call, struct cursor *cursor)
{
	const char *word = cursor->argv[cursor->at] + 2;
	const char *equals = strchr(word, '=');
	g_autofree char *name = equals ? g_strndup(word, (gsize)(equals - word)) : g_strdup(word);
	const struct ctl_option *option = ctl_command_option_find(call->command, name);

	if (!option)
		return refuse_option(call, name);
	if (!option->value)
		return equals ? refuse(call, "--%s takes no value", name)
			      : set_option_value(call, option, "true");
	if (equals)
		return set_option_value(call, option, equals + 1);
	if (cursor->at + 1 == cursor->argc)
		return refuse(call, "--%s needs a value: %s", name, option->value->name);
	return set_option_value(call, option, cursor->argv[++cursor->at]);
}

static bool read_short_option(struct ctl_call *call, struct cursor *cursor)
{
	const char *word = cursor->argv[cursor->at];

	if (strcmp(word, "-h") == 0) {
		ctl_call_set(call, "help", "true");
		return true;
	}
	if (strcmp(word, "-c") != 0)
		return refuse(call, "there is no option %s", word);
	if (cursor->at + 1 == cursor->argc)
		return refuse(call, "-c needs a value: FILE");
	ctl_call_set(call, "config", cursor->argv[++cursor->at]);
	return true;
}

static bool read_command_word(struct ctl_call *call, struct cursor *cursor)
{
	const char *word = cursor->argv[cursor->at];

	if (!cursor->options_end && strcmp(word, "--") == 0) {
		cursor->options_end = true;
		return true;
	}
	if (!cursor->options_end && g_str_has_prefix(word, "--"))
		return read_long_option(call, cursor);
	if (!cursor->options_end && word[0] == '-' && word[1] != '\0')
		return read_short_option(call, cursor);
	g_ptr_array_add(call->arguments, g_strdup(word));
	return true;
}

static bool set_defaults(struct ctl_call *call)
{
	const struct ctl_option *option;

	for (size_t i = 0; (option = ctl_command_option(call->command, i)); i++)
		if (option->default_value && !set_option_value(call, option, option->default_value))
			return false;
	return true;
}

/* --- what must be there --------------------------------------------------------------------- */

static bool check_argument(const struct ctl_call *call, const struct ctl_argument *wanted,
			   const char *given)
{
	g_autofree char *complaint = NULL;

	if (!given)
		return wanted->arity == CTL_OPTIONAL || wanted->arity == CTL_ANY_NUMBER ||
		       refuse(call, "%s is missing", wanted->value->name);
	g_autofree char *value =
	    ctl_value_type_read(wanted->value, given, g_get_real_time(), &complaint);
	return value || refuse(call, "%s: %s", wanted->value->name, complaint);
}

/* "ID..." takes all that are left; "-" is standard input. */
static bool check_rest(const struct ctl_call *call, const struct ctl_argument *wanted, guint from)
{
	if (call->arguments->len < from)
		return check_argument(call, wanted, NULL);
	for (guint i = from; i <= call->arguments->len; i++)
		if (strcmp(ctl_call_argument(call, i), "-") != 0 &&
		    !check_argument(call, wanted, ctl_call_argument(call, i)))
			return false;
	return true;
}

static bool check_arguments(const struct ctl_call *call)
{
	const struct ctl_argument *wanted = call->command->arguments;
	guint count = 0;

	for (; wanted[count].value; count++) {
		if (wanted[count].arity == CTL_ONE_OR_MORE || wanted[count].arity == CTL_ANY_NUMBER)
			return check_rest(call, &wanted[count], count + 1);
		if (!check_argument(call, &wanted[count], ctl_call_argument(call, count + 1)))
			return false;
	}
	if (call->arguments->len > count)
		return refuse(call, "\"%s\" is too much", ctl_call_argument(call, count + 1));
	return true;
}

static bool check_options(const struct ctl_call *call)
{
	const struct ctl_option *option;

	for (size_t i = 0; (option = ctl_command_option(call->command, i)); i++)
		if (option->is_required && !ctl_call_has(call, option->name))
			return refuse(call, "--%s is missing", option->name);
	return true;
}

/* --- all ------------------------------------------------------------------------------------ */

static void values_free(void *values)
{
	g_ptr_array_unref(values);
}

struct ctl_call *ctl_call_parse(const struct ctl_command *command, int argc, char *const *argv,
				enum ctl_exit_code *exit_out)
{
	g_autoptr(ctl_call_t) call = g_new0(struct ctl_call, 1);
	struct cursor cursor = {argc, argv, 0, false};

	call->command = command;
	call->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, values_free);
	call->arguments = g_ptr_array_new_with_free_func(g_free);
	bool is_right = set_defaults(call);
	for (; is_right && cursor.at < argc; cursor.at++)
		is_right = read_command_word(call, &cursor);
	if (is_right && !ctl_call_has(call, "help"))
		is_right = check_arguments(call) && check_options(call);
	if (is_right)
		return g_steal_pointer(&call);
	*exit_out = usage_exit_code(command);
	return NULL;
}

void ctl_call_free(struct ctl_call *call)
{
	if (!call)
		return;
	if (call->pool)
		db_pool_free(call->pool);
	g_hash_table_unref(call->values);
	g_ptr_array_unref(call->arguments);
	g_free(call);
}

enum ctl_exit_code ctl_call_print(const GString *out)
{
	return output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}
