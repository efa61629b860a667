/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing mdoc(7).
 */
#include "ctl/framework/manual.h"

#include <string.h>

enum { LINE_WIDTH = 80 };

/* Where the next word goes. */
struct line {
	FILE *stream;
	size_t used; /* bytes; 0: at the beginning */
};

static void end_line(struct line *line)
{
	if (line->used > 0)
		fputc('\n', line->stream);
	line->used = 0;
}

/* The word as roff wants it: hyphens of ASCII, no escapes of its own. Heap. */
static char *escaped(const char *word)
{
	GString *text = g_string_new(NULL);

	for (const char *c = word; *c != '\0'; c++) {
		if (*c == '\\' || *c == '-')
			g_string_append_c(text, '\\');
		g_string_append_c(text, *c == '\\' ? 'e' : *c);
	}
	return g_string_free(text, FALSE);
}

/* A line of text must not begin like a request. */
static void put_word(struct line *line, const char *word)
{
	g_autofree char *text = escaped(word);
	const char *before = *word == '.' || *word == '\'' ? "\\&" : "";

	if (line->used > 0 && line->used + 1 + strlen(text) > LINE_WIDTH)
		end_line(line);
	line->used += (size_t)fprintf(line->stream, "%s%s", line->used > 0 ? " " : before, text);
}

/* Sentences begin on a line of their own, as mdoc(7) wants it; an empty line in the text
 * begins a paragraph. */
static void put_text(FILE *stream, const char *text)
{
	g_auto(GStrv) paragraphs = g_strsplit(text, "\n\n", -1);
	struct line line = {stream, 0};

	for (char **paragraph = paragraphs; *paragraph; paragraph++) {
		g_auto(GStrv) words = g_strsplit_set(*paragraph, " \n", -1);

		if (paragraph != paragraphs)
			fputs(".Pp\n", stream);
		for (char **word = words; *word; word++) {
			if (**word == '\0')
				continue;
			put_word(&line, *word);
			if (g_str_has_suffix(*word, ".") || g_str_has_suffix(*word, "?"))
				end_line(&line);
		}
		end_line(&line);
	}
}

static void put_sentence(FILE *stream, const char *text)
{
	g_autofree char *sentence =
	    g_strdup_printf("%c%s.", g_ascii_toupper(*text), *text == '\0' ? "" : text + 1);

	put_text(stream, sentence);
}

/* "task show ID" as ".It Cm task Cm show Ar ID". */
static void put_heading(FILE *stream, const struct ctl_command *command)
{
	g_auto(GStrv) names = g_strsplit(command->name, " ", -1);
	g_autofree char *name = g_strjoinv(" Cm ", names);
	const struct ctl_option *option;

	fprintf(stream, ".It Cm %s", name);
	for (const struct ctl_argument *argument = command->arguments; argument->value;
	     argument++) {
		bool may_lack =
		    argument->arity == CTL_OPTIONAL || argument->arity == CTL_ANY_NUMBER;
		bool may_repeat =
		    argument->arity == CTL_ONE_OR_MORE || argument->arity == CTL_ANY_NUMBER;

		fprintf(stream, " %sAr %s%s", may_lack ? "Op " : "", argument->value->name,
			may_repeat ? " ..." : "");
	}
	for (size_t i = 0; (option = ctl_command_option(command, i)); i++)
		if (option->is_required)
			fprintf(stream, " Fl \\-%s Ar %s", option->name, option->value->name);
	fputc('\n', stream);
}

static void put_options(FILE *stream, const struct ctl_command *command)
{
	const struct ctl_option *option = ctl_command_option(command, 0);

	if (!ctl_command_has_own_option(command, option))
		return;
	fputs(".Bl -tag -width Ds\n", stream);
	for (size_t i = 0; (option = ctl_command_option(command, i)); i++) {
		g_autofree char *text = ctl_command_option_text(option);

		if (!ctl_command_has_own_option(command, option))
			break;
		fprintf(stream, ".It Fl \\-%s%s%s%s\n", option->name, option->value ? " Ar " : "",
			option->value ? option->value->name : "",
			option->is_repeatable ? " ..." : "");
		put_sentence(stream, text);
	}
	fputs(".El\n", stream);
}

static void put_command(FILE *stream, const struct ctl_command *command)
{
	put_heading(stream, command);
	put_sentence(stream, command->summary);
	if (command->help)
		put_text(stream, command->help);
	put_options(stream, command);
}

void ctl_manual_print(const struct ctl_program *program, FILE *stream)
{
	for (unsigned topic = 0; program->topics[topic]; topic++) {
		fprintf(stream, ".Ss %s\n.Bl -tag -width Ds\n", program->topics[topic]);
		for (size_t i = 0; program->commands[i]; i++)
			if (program->commands[i]->topic == topic)
				put_command(stream, program->commands[i]);
		fputs(".El\n", stream);
	}
}
