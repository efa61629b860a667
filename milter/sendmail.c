/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines "Xname, S=socket, F=flags, T=timeouts" define filters, "O InputMailFilters" says which are
 * asked, "M" lines define mailers. A line that begins with a blank goes on with the one before.
 */
#include "milter/sendmail.h"

#include <string.h>

#include "daemon/check.h"
#include "milter/postfix/milter_list.h"

static const char what[] = "Sendmail";
static const char input_filters[] = "O InputMailFilters=";
static const char envelope_macros[] = "O Milter.macros.envfrom=";
static const char port_options[] = "O DaemonPortOptions=";

static char **lines_of(const char *cf)
{
	GString *text = g_string_new(cf);

	g_string_replace(text, "\n\t", " ", 0);
	g_string_replace(text, "\n ", " ", 0);
	char **lines = g_strsplit(text->str, "\n", -1);
	g_string_free(text, TRUE);
	return lines;
}

/* What stands behind a prefix; NULL if no line has it. The last one counts. */
static const char *value_behind(char *const *lines, const char *prefix)
{
	const char *value = NULL;

	for (; *lines; lines++)
		if (g_str_has_prefix(*lines, prefix))
			value = *lines + strlen(prefix);
	return value;
}

/* Whether the list has the word; within the options of a port, semicolons part it. */
static bool has_word(const char *list, const char *word)
{
	g_auto(GStrv) words = g_strsplit_set(list, ",;", -1);

	for (char **w = words; *w; w++)
		if (strcmp(g_strstrip(*w), word) == 0)
			return true;
	return false;
}

/* The field "S=..." of a definition; "" if it has none. Heap. */
static char *field_of(const char *definition, char key)
{
	g_auto(GStrv) fields = g_strsplit(definition, ",", -1);

	for (char **field = fields; *field; field++) {
		const char *text = g_strstrip(*field);

		if (text[0] == key && text[1] == '=')
			return g_strdup(text + 2);
	}
	return g_strdup("");
}

/* "local:" is Sendmail's other word for "unix:". */
static bool is_our_socket(const char *socket, const struct milter_settings *settings)
{
	const char *ours = settings->socket;
	const char *path = strchr(socket, ':');
	const char *our_path = strchr(ours, ':');
	bool is_inet = g_str_has_prefix(socket, "inet");

	if (!path || !our_path || is_inet != g_str_has_prefix(ours, "inet"))
		return strcmp(socket, ours) == 0;
	return is_inet ? strtol(path + 1, NULL, 10) == strtol(our_path + 1, NULL, 10)
		       : strcmp(path, our_path) == 0;
}

static void add(GPtrArray *faults, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(GPtrArray *faults, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(faults, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static void check_flags(const char *name, const char *flags, GPtrArray *faults)
{
	if (strpbrk(flags, "T4"))
		return;
	add(faults, "%s: %s, bounces %s while we are away; write F=T", name,
	    *flags == '\0' ? "without F=T" : "with F=R",
	    *flags == '\0' ? "pass us by and are lost" : "are refused for good");
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
			add(faults,
			    "%s: T= has %s, but an answer may take %ld s (pool_wait and "
			    "query_wait), and Sendmail then puts off what was recorded; write "
			    "E:%lds",
			    name, text, wait, MAX(60, 2 * wait));
		else if (!is_message && seconds < COMMAND_MIN)
			add(faults,
			    "%s: T= has %s: on a busy machine Sendmail does not wait for us; write "
			    "%c:%ds",
			    name, text, text[0], USUAL);
	}
}

/* The option of a port that begins with that letter, which is all that Sendmail looks at; NULL if
 * there is none. Heap. */
static char *option_of(const char *options, char initial)
{
	g_auto(GStrv) fields = g_strsplit(options, ",", -1);

	for (char **field = fields; *field; field++) {
		const char *text = g_strstrip(*field);
		const char *value = strchr(text, '=');

		if (g_ascii_toupper(*text) == initial && value)
			return g_strstrip(g_strdup(value + 1));
	}
	return NULL;
}

/* The options of a port where other mail systems connect; NULL for any other line. */
static const char *public_port(const char *line)
{
	if (!g_str_has_prefix(line, port_options))
		return NULL;
	const char *options = line + strlen(port_options);
	g_autofree char *port = option_of(options, 'P');

	return !port || strcmp(port, "smtp") == 0 || strcmp(port, "25") == 0 ? options : NULL;
}

/* A port with filters of its own does not ask those of all. */
static void check_asked(char *const *lines, const char *name, GPtrArray *faults)
{
	const char *of_all = value_behind(lines, input_filters);
	guint ports = 0;
	guint with_own = 0;

	for (; *lines; lines++) {
		const char *options = public_port(*lines);
		g_autofree char *own = options ? option_of(options, 'I') : NULL;
		g_autofree char *port = options ? option_of(options, 'N') : NULL;

		ports += options ? 1 : 0;
		with_own += own ? 1 : 0;
		if (own && !has_word(own, name))
			add(faults,
			    "DaemonPortOptions of %s: InputMailFilters=%s lacks %s, so what comes "
			    "to that port never reaches us; in sendmail.mc, add it to that "
			    "DAEMON_OPTIONS behind a semicolon, or take its InputMailFilters away",
			    port ? port : "a daemon without a name", own, name);
	}
	if ((ports == 0 || with_own < ports) && (!of_all || !has_word(of_all, name)))
		add(faults,
		    "%s is defined, but not asked: InputMailFilters lacks it; in sendmail.mc, "
		    "write INPUT_MAIL_FILTER instead of MAIL_FILTER, or name it in "
		    "confINPUT_MAIL_FILTERS",
		    name);
}

static void check_filter(const char *definition, char *const *lines,
			 const struct milter_settings *settings, GPtrArray *faults)
{
	g_autofree char *name = g_strndup(definition, strcspn(definition, ", \t"));
	g_autofree char *flags = field_of(definition, 'F');
	g_autofree char *times = field_of(definition, 'T');

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
		g_autofree char *socket = field_of(*line + 1, 'S');
		if (is_our_socket(socket, settings)) {
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

GPtrArray *sendmail_faults(const char *cf, const struct milter_settings *settings)
{
	GPtrArray *faults = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) lines = lines_of(cf);
	g_autofree char *others = check_filters(lines, settings, faults);
	const char *macros = value_behind(lines, envelope_macros);

	if (*others != '\0')
		add(faults,
		    "no filter leads to our socket %s (there: %s), so what comes over SMTP never "
		    "reaches us; write the line INPUT_MAIL_FILTER of bounce-milter.mc into "
		    "sendmail.mc, with S=%s",
		    settings->socket, others, settings->socket);
	if (*others == '\0' && (!macros || !has_word(macros, "i")))
		add(faults,
		    "Milter.macros.envfrom lacks i, so our log cannot name the mail; take it into "
		    "confMILTER_MACROS_ENVFROM");
	return faults;
}

/* Those that Sendmail makes itself meet no filter. */
static void warn_of_own_reports(const char *cf)
{
	if (!strstr(cf, "bouncectl intake") && !strstr(cf, "bounce-fetch"))
		check_warning(what, "its own reports do not reach us: sendmail.cf has neither the "
				    "mailer of bounce-milter.mc nor that of bounce-fetch.mc");
}

bool sendmail_is_loopback_only(const char *cf)
{
	g_auto(GStrv) lines = lines_of(cf);
	guint ports = 0;

	for (char **line = lines; *line; line++) {
		const char *options = public_port(*line);
		g_autofree char *address = options ? option_of(options, 'A') : NULL;

		if (options && !(address && (g_str_has_prefix(address, "127.") ||
					     g_str_has_suffix(address, "::1") ||
					     strcmp(address, "localhost") == 0)))
			return false;
		ports += options ? 1 : 0;
	}
	return ports > 0;
}

bool sendmail_check(const char *path, const struct milter_settings *settings)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *cf = NULL;

	if (!g_file_get_contents(path, &cf, NULL, &error))
		return check_fault(what, error->message);
	g_autoptr(GPtrArray) faults = sendmail_faults(cf, settings);
	for (guint i = 0; i < faults->len; i++) {
		g_autofree char *text =
		    g_strdup_printf("%s: %s", path, (const char *)faults->pdata[i]);

		check_fault(what, text);
	}
	warn_of_own_reports(cf);
	if (sendmail_is_loopback_only(cf))
		check_warning(what, "DaemonPortOptions have Addr=127.0.0.1: no other mail system "
				    "can bring us a bounce; in sendmail.mc, take Addr= out of "
				    "DAEMON_OPTIONS, unless that is intended");
	return faults->len == 0 &&
	       check_result(what, NULL,
			    "hands us what comes over SMTP, and keeps it while we are "
			    "away");
}
