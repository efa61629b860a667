/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ehlo-line = ehlo-keyword *( SP ehlo-param ). The first line names the server.
 */
#include "delivery/smtp/ehlo_extensions.h"

#include <string.h>

#include <glib.h>

void ehlo_extensions_clear(struct ehlo_extensions *offers)
{
	g_free(offers->mechanisms);
	*offers = (struct ehlo_extensions){.mechanisms = NULL};
}

/* "AUTH=PLAIN" is how servers wrote it before there was a standard. */
static bool is_keyword(const char *line, const char *keyword)
{
	size_t len = strlen(keyword);

	return g_ascii_strncasecmp(line, keyword, len) == 0 &&
	       (line[len] == '\0' || line[len] == ' ' || line[len] == '=');
}

static void read_offer(struct ehlo_extensions *offers, const char *line)
{
	const struct {
		const char *keyword;
		bool *is_offered;
	} rows[] = {
	    {"STARTTLS", &offers->has_starttls}, {"PIPELINING", &offers->has_pipelining},
	    {"8BITMIME", &offers->has_8bitmime}, {"SMTPUTF8", &offers->has_smtputf8},
	    {"DSN", &offers->has_dsn},           {"SIZE", &offers->has_size},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (is_keyword(line, rows[i].keyword))
			*rows[i].is_offered = true;
	if (!is_keyword(line, "AUTH"))
		return;
	char *all = g_strjoin(" ", offers->mechanisms, line[4] == '\0' ? "" : line + 5, NULL);
	g_free(offers->mechanisms);
	offers->mechanisms = all;
}

void ehlo_extensions_read(struct ehlo_extensions *offers, const char *lines)
{
	g_auto(GStrv) list = g_strsplit(lines, "\n", -1);

	ehlo_extensions_clear(offers);
	offers->mechanisms = g_strdup("");
	for (char **line = *list ? list + 1 : list; *line; line++)
		read_offer(offers, g_strchomp(*line));
}
