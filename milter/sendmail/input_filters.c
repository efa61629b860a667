/* SPDX-License-Identifier: BSD-2-Clause
 *
 * "X" lines define filters, "O InputMailFilters" says which are asked, "M" lines define mailers.
 */
#include "milter/sendmail/input_filters.h"

#include <string.h>

#include "milter/postfix/content_checks.h"
#include "milter/postfix/endpoint.h"
#include "milter/postfix/milter_list.h"
#include "milter/sendmail/sendmail_cf.h"

static const char envelope_macros[] = "O Milter.macros.envfrom=";

/* In bytes; 0 is none. What is below refuses bounces. */
static const struct {
	const char *option;
	guint64 least;
	const char *refused, *macro, *usual;
} limits[] = {
    {"O MaxMessageSize=", CONTENT_CHECKS_BYTES_MIN,
     "a bounce with the mail that it returns is refused", "confMAX_MESSAGE_SIZE", "10240000"},
    {"O MaxHeadersLength=", 8192, "a bounce with a long header is refused",
     "confMAX_HEADERS_LENGTH", "32768"},
};

/* Whether the list has that macro. */
static bool has_macro(const char *list, const char *macro)
{
	g_auto(GStrv) words = g_strsplit(list, ",", -1);

	for (char **w = words; *w; w++)
		if (strcmp(g_strstrip(*w), macro) == 0)
			return true;
	return false;
}

/* Filters of a list; within the options of a port, semicolons part it. */
static char **input_filters_of(const char *list)
{
	char **names = g_strsplit_set(list, ",;", -1);

	for (char **name = names; *name; name++)
		g_strstrip(*name);
	return names;
}

bool input_filters_list_has(const char *list, const char *filter)
{
	g_auto(GStrv) names = input_filters_of(list);

	for (char **name = names; *name; name++)
		if (g_ascii_strcasecmp(*name, filter) == 0)
			return true;
	return false;
}

/* Sendmail's "inet:PORT@HOST" as Postfix has it, "inet:HOST:PORT"; a path may stand alone. Heap. */
static char *endpoint_of(const char *socket)
{
	const char *at = strchr(socket, '@');

	if (!strchr(socket, ':'))
		return g_strconcat("unix:", socket, NULL);
	if (!g_str_has_prefix(socket, "inet"))
		return g_strdup(socket);
	const char *port = strchr(socket, ':') + 1;
	return g_strdup_printf("inet:%s:%.*s", at ? at + 1 : "localhost",
			       (int)(at ? at - port : (ptrdiff_t)strlen(port)), port);
}

bool input_filters_socket_is_ours(const char *socket, const struct milter_settings *settings)
{
	const struct endpoint_view view = {"/", false};
	g_autofree char *endpoint = endpoint_of(socket);

	return endpoint_leads_to(endpoint, settings->socket, &view);
}

static void add_filter_fault(GPtrArray *faults, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add_filter_fault(GPtrArray *faults, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(faults, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static void check_flags(const char *name, const char *flags, GPtrArray *faults)
{
	bool refuses = strchr(flags, 'R');

	if (strpbrk(flags, "T4"))
		return;
	add_filter_fault(faults, "%s: %s, bounces %s while we are away; write F=T", name,
			 refuses ? "with F=R" : "without F=T",
			 refuses ? "are refused for good" : "pass us by and are lost");
}

/* Times as in "C:30s;R:60s": to connect, to send, to read an answer, for the whole message. */
static void check_times(const char *name, const char *times, const struct milter_settings *settings,
			GPtrArray *faults)
{
	enum { COMMAND_MIN = 5, USUAL = 30 };
	long wait = settings->intake.pool_wait + settings->common.query_wait;
	g_auto(GStrv) each = g_strsplit(times, ";", -1);

	for (char **time = each; *time; time++) {
		const char *text = g_strstrip(*time);
		bool is_message = text[0] == 'E';

		if (text[0] == '\0' || text[1] != ':')
			continue;
		long seconds = milter_list_seconds(text + 2);
		if (is_message && seconds <= wait)
			add_filter_fault(
			    faults,
			    "%s: T= has %s, but an answer may take %ld s (pool_wait and "
			    "query_wait), and Sendmail then puts off what was recorded; write "
			    "E:%lds",
			    name, text, wait, MAX(60, 2 * wait));
		else if (!is_message && seconds < COMMAND_MIN)
			add_filter_fault(
			    faults,
			    "%s: T= has %s: on a busy machine Sendmail does not wait for us; write "
			    "%c:%ds",
			    name, text, text[0], USUAL);
	}
}

/* A port with filters of its own does not ask those of all. */
static void check_asked(char *const *lines, const char *name, GPtrArray *faults)
{
	const char *of_all = sendmail_cf_value(lines, INPUT_FILTERS_ASKED);
	guint ports = 0;
	guint with_own = 0;

	for (; *lines; lines++) {
		const char *options = sendmail_cf_public_port(*lines);
		g_autofree char *own = options ? sendmail_cf_port_option(options, 'I') : NULL;
		g_autofree char *port = options ? sendmail_cf_port_option(options, 'N') : NULL;

		ports += options ? 1 : 0;
		with_own += own ? 1 : 0;
		if (own && !input_filters_list_has(own, name))
			add_filter_fault(
			    faults,
			    "DaemonPortOptions of %s: InputMailFilters=%s lacks %s, so what comes "
			    "to that port never reaches us; in sendmail.mc, add it to that "
			    "DAEMON_OPTIONS behind a semicolon, or take its InputMailFilters away",
			    port ? port : "a daemon without a name", own, name);
	}
	if ((ports == 0 || with_own < ports) && (!of_all || !input_filters_list_has(of_all, name)))
		add_filter_fault(
		    faults,
		    "%s is defined, but not asked: InputMailFilters lacks it; in sendmail.mc, "
		    "write INPUT_MAIL_FILTER instead of MAIL_FILTER, or name it in "
		    "confINPUT_MAIL_FILTERS",
		    name);
}

static void check_filter(const char *definition, char *const *lines,
			 const struct milter_settings *settings, GPtrArray *faults)
{
	g_autofree char *name = g_strndup(definition, strcspn(definition, ", \t"));
	g_autofree char *flags = sendmail_cf_field(definition, 'F');
	g_autofree char *times = sendmail_cf_field(definition, 'T');

	check_asked(lines, name, faults);
	check_flags(name, flags, faults);
	check_times(name, times, settings, faults);
}

/* Checks the filters that lead to us. The sockets of the others, if there is none. */
static char *check_filters(char *const *lines, const struct milter_settings *settings,
			   GPtrArray *faults)
{
	GString *others = g_string_new(NULL);
	bool is_found = false;

	for (char *const *line = lines; *line; line++) {
		if (**line != 'X')
			continue;
		g_autofree char *socket = sendmail_cf_field(*line + 1, 'S');
		if (input_filters_socket_is_ours(socket, settings)) {
			is_found = true;
			check_filter(*line + 1, lines, settings, faults);
		} else
			g_string_append_printf(others, "%s%s", others->len > 0 ? ", " : "", socket);
	}
	if (is_found)
		g_string_truncate(others, 0);
	else if (others->len == 0)
		g_string_append(others, "none");
	return g_string_free(others, FALSE);
}

static bool is_defined(char *const *lines, const char *filter)
{
	size_t len = strlen(filter);

	for (; *lines; lines++)
		if (**lines == 'X' && g_ascii_strncasecmp(*lines + 1, filter, len) == 0 &&
		    strchr(", \t", (*lines)[1 + len]))
			return true;
	return false;
}

static void check_defined(char *const *lines, const char *list, GPtrArray *faults)
{
	g_auto(GStrv) names = input_filters_of(list);

	for (char **name = names; *name; name++)
		if (**name != '\0' && !is_defined(lines, *name))
			add_filter_fault(
			    faults,
			    "InputMailFilters names %s, which no line defines, so Sendmail does "
			    "not start; write MAIL_FILTER(`%s', ...) into sendmail.mc, or take the "
			    "name away",
			    *name, *name);
}

/* What keeps a bounce from coming to any filter. */
static void check_doors(char *const *lines, GPtrArray *faults)
{
	const char *of_all = sendmail_cf_value(lines, INPUT_FILTERS_ASKED);

	if (of_all)
		check_defined(lines, of_all, faults);
	for (char *const *line = lines; *line; line++) {
		const char *options = sendmail_cf_port(*line);
		g_autofree char *modifiers = options ? sendmail_cf_port_option(options, 'M') : NULL;
		g_autofree char *filters = options ? sendmail_cf_port_option(options, 'I') : NULL;

		if (filters)
			check_defined(lines, filters, faults);
		if (modifiers && strchr(modifiers, 'a') && sendmail_cf_public_port(*line))
			add_filter_fault(
			    faults,
			    "DaemonPortOptions: M=%s asks other mail systems for a password, "
			    "so that no bounce comes; in sendmail.mc, take the a out of that "
			    "DAEMON_OPTIONS",
			    modifiers);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
		const char *value = sendmail_cf_value(lines, limits[i].option);
		guint64 bytes = value ? g_ascii_strtoull(value, NULL, 10) : 0;

		if (bytes > 0 && bytes < limits[i].least)
			add_filter_fault(faults, "%s%s: %s; in sendmail.mc, define(`%s', `%s')",
					 limits[i].option + strlen("O "), value, limits[i].refused,
					 limits[i].macro, limits[i].usual);
	}
}

GPtrArray *input_filters_faults(const char *cf, const struct milter_settings *settings)
{
	GPtrArray *faults = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) lines = sendmail_cf_lines(cf);
	g_autofree char *others = check_filters(lines, settings, faults);
	const char *macros = sendmail_cf_value(lines, envelope_macros);

	check_doors(lines, faults);
	if (*others != '\0')
		add_filter_fault(
		    faults,
		    "no filter leads to our socket %s (there: %s), so what comes over SMTP never "
		    "reaches us; write the line INPUT_MAIL_FILTER of bounce-milter.mc into "
		    "sendmail.mc, with S=%s",
		    settings->socket, others, settings->socket);
	if (*others == '\0' && (!macros || !has_macro(macros, "i")))
		add_filter_fault(
		    faults,
		    "Milter.macros.envfrom lacks i, so our log cannot name the mail; take it into "
		    "confMILTER_MACROS_ENVFROM");
	return faults;
}
