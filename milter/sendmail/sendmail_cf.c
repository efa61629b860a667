/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines "O NAME=VALUE" set options, "Xname, S=socket, F=flags, T=timeouts" define filters.
 */
#include "milter/sendmail/sendmail_cf.h"

#include <string.h>

#include <glib.h>

char **sendmail_cf_lines(const char *cf)
{
	GString *text = g_string_new(cf);

	g_string_replace(text, "\n\t", " ", 0);
	g_string_replace(text, "\n ", " ", 0);
	char **lines = g_strsplit(text->str, "\n", -1);
	g_string_free(text, TRUE);
	return lines;
}

const char *sendmail_cf_value(char *const *lines, const char *option)
{
	const char *value = NULL;

	for (; *lines; lines++)
		if (g_str_has_prefix(*lines, option))
			value = *lines + strlen(option);
	return value;
}

char *sendmail_cf_field(const char *definition, char key)
{
	g_auto(GStrv) fields = g_strsplit(definition, ",", -1);

	for (char **field = fields; *field; field++) {
		const char *text = g_strstrip(*field);
		const char *value = text[0] == key && text[1] == '=' ? text + 2 : NULL;

		if (value && *value == '"')
			value++;
		if (value)
			return g_strndup(value, strcspn(value, "\""));
	}
	return g_strdup("");
}

char *sendmail_cf_port_option(const char *options, char initial)
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

const char *sendmail_cf_port(const char *line)
{
	static const char option[] = "O DaemonPortOptions=";

	return g_str_has_prefix(line, option) ? line + strlen(option) : NULL;
}

const char *sendmail_cf_public_port(const char *line)
{
	const char *options = sendmail_cf_port(line);
	g_autofree char *port = options ? sendmail_cf_port_option(options, 'P') : NULL;

	return !port || strcmp(port, "smtp") == 0 || strcmp(port, "25") == 0 ? options : NULL;
}
