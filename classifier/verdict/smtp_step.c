/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A command counts where a word before it says that it is what was answered: "after DATA" does,
 * "your data" does not.
 */
#include "classifier/verdict/smtp_step.h"

#include <stddef.h>
#include <string.h>

#include <glib.h>

#define TEXT_BYTES 16384 /* of the words that are looked at */

static const struct {
	const char *command;
	enum smtp_step step;
} commands[] = {
    {"initial connection", SMTP_STEP_CONNECT},
    {"initial greeting", SMTP_STEP_CONNECT},
    {"initial server greeting", SMTP_STEP_CONNECT},
    {"helo", SMTP_STEP_HELO},
    {"ehlo", SMTP_STEP_HELO},
    {"lhlo", SMTP_STEP_HELO},
    {"helo/ehlo", SMTP_STEP_HELO},
    {"starttls", SMTP_STEP_TLS},
    {"auth", SMTP_STEP_AUTH},
    {"mail from", SMTP_STEP_MAIL},
    {"rcpt to", SMTP_STEP_RCPT},
    {"end of data", SMTP_STEP_DATA},
    {"end-of-data", SMTP_STEP_DATA},
    {"data", SMTP_STEP_DATA},
};

static const char *const leads[] = {"reply to", "response to", "after",  "pipelined",
				    "during",   "while",       "stage:", ">>>",
				    "cmd:",     "command:",    "sent:",  NULL};

/* What qmail and others say in their own words. */
static const struct {
	const char *phrase;
	enum smtp_step step;
} phrases[] = {
    {"refused to talk to me", SMTP_STEP_CONNECT},
    {"but greeting failed", SMTP_STEP_CONNECT},
    {"but my name was rejected", SMTP_STEP_HELO},
    {"but authentication was rejected", SMTP_STEP_AUTH},
    {"but sender was rejected", SMTP_STEP_MAIL},
    {"does not like recipient", SMTP_STEP_RCPT},
    {"failed on data command", SMTP_STEP_DATA},
    {"failed after i sent the message", SMTP_STEP_DATA},
};

static bool is_step_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Does the text begin with the phrase? A blank stands for any white space. */
static bool begins(const char *text, const char *phrase)
{
	for (; *phrase; phrase++) {
		if (*phrase != ' ' && g_ascii_tolower(*text) != *phrase)
			return false;
		if (*phrase == ' ' && !is_step_blank(*text))
			return false;
		for (text++; *phrase == ' ' && is_step_blank(*text);)
			text++;
	}
	return !g_ascii_isalnum(*text);
}

/* Does what stands between start and end end with the phrase? */
static bool ends(const char *start, const char *end, const char *phrase)
{
	for (size_t i = strlen(phrase); i > 0; i--) {
		if (end == start)
			return false;
		end--;
		if (phrase[i - 1] != ' ' && g_ascii_tolower(*end) != phrase[i - 1])
			return false;
		if (phrase[i - 1] == ' ' && !is_step_blank(*end))
			return false;
		while (phrase[i - 1] == ' ' && end > start && is_step_blank(end[-1]))
			end--;
	}
	return true;
}

/* "after pipelined MAIL FROM", "in reply to the MAIL FROM", ">>> MAIL From:" */
static bool is_led(const char *text, const char *command)
{
	const char *end = command;
	while (end > text && (is_step_blank(end[-1]) || end[-1] == '<'))
		end--;
	if (ends(text, end, " the"))
		end -= strlen("the");
	while (end > text && is_step_blank(end[-1]))
		end--;
	for (const char *const *lead = leads; *lead; lead++)
		if (ends(text, end, *lead))
			return true;
	return false;
}

/* The step that is named at this place, where a word begins. */
static enum smtp_step step_at(const char *text, const char *at)
{
	char first = g_ascii_tolower(*at); /* tells most places from most commands */
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (commands[i].command[0] == first && begins(at, commands[i].command) &&
		    is_led(text, at))
			return commands[i].step;
	for (size_t i = 0; i < G_N_ELEMENTS(phrases); i++)
		if (phrases[i].phrase[0] == first && begins(at, phrases[i].phrase))
			return phrases[i].step;
	return SMTP_STEP_UNKNOWN;
}

enum smtp_step smtp_step_find(const char *words)
{
	enum smtp_step last = SMTP_STEP_UNKNOWN;
	for (size_t i = 0; i < TEXT_BYTES && words[i]; i++) {
		if (!g_ascii_isalpha(words[i]) || (i > 0 && g_ascii_isalnum(words[i - 1])))
			continue;
		enum smtp_step step = step_at(words, words + i);
		last = step != SMTP_STEP_UNKNOWN ? step : last;
	}
	return last;
}

bool smtp_step_is_before_recipient(enum smtp_step step)
{
	switch (step) {
	case SMTP_STEP_CONNECT:
	case SMTP_STEP_HELO:
	case SMTP_STEP_TLS:
	case SMTP_STEP_AUTH:
	case SMTP_STEP_MAIL:
		return true;
	case SMTP_STEP_UNKNOWN:
	case SMTP_STEP_RCPT:
	case SMTP_STEP_DATA:
		return false;
	}
	return false;
}

/* The length of " (in reply to RCPT TO command)" at this place, or 0. */
static size_t remark_length(const char *at)
{
	static const char lead[] = " (in reply to ", end[] = " command)";
	if (g_ascii_strncasecmp(at, lead, sizeof lead - 1) != 0 ||
	    g_ascii_strncasecmp(at + sizeof lead - 1, "MAIL FROM", 9) == 0)
		return 0;
	size_t len = sizeof lead - 1 + strcspn(at + sizeof lead - 1, "()");
	return at[len] == ')' && strncmp(at + len + 2 - sizeof end, end, sizeof end - 1) == 0
		   ? len + 1
		   : 0;
}

void smtp_step_drop(char *folded)
{
	char *kept = strstr(folded, " (");
	if (!kept)
		return;
	for (const char *at = kept; *at;) {
		size_t len = at[0] == ' ' && at[1] == '(' ? remark_length(at) : 0;
		if (len > 0)
			at += len;
		else
			*kept++ = *at++;
	}
	*kept = '\0';
}
