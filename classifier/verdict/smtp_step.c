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

/* "after pipelined MAIL FROM", "in reply to the MAIL FROM", ">>> MAIL From:" */
static bool is_led(const char *text, const char *command)
{
	const char *end = command;
	while (end > text && strchr(" <", end[-1]))
		end--;
	if (end - text >= 4 && g_ascii_strncasecmp(end - 4, " the", 4) == 0)
		end -= 4;
	for (const char *const *lead = leads; *lead; lead++) {
		size_t len = strlen(*lead);
		if ((size_t)(end - text) >= len && g_ascii_strncasecmp(end - len, *lead, len) == 0)
			return true;
	}
	return false;
}

/* Where in text the command was answered last, or NULL. */
static const char *find_command(const char *text, const char *command)
{
	const char *last = NULL;
	size_t len = strlen(command);
	for (const char *at = text; (at = strcasestr(at, command)); at++)
		if (!g_ascii_isalnum(at[len]) && is_led(text, at))
			last = at;
	return last;
}

enum smtp_step smtp_step_find(const char *words)
{
	g_autofree char *folded = g_strndup(words, strnlen(words, TEXT_BYTES));
	enum smtp_step step = SMTP_STEP_UNKNOWN;
	const char *last = folded - 1;
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		const char *at = find_command(folded, commands[i].command);
		if (at && at > last)
			last = at, step = commands[i].step;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(phrases); i++) {
		const char *at = strcasestr(folded, phrases[i].phrase);
		if (at && at > last)
			last = at, step = phrases[i].step;
	}
	return step;
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
	char *kept = folded;
	for (const char *at = folded; *at;) {
		size_t len = at[0] == ' ' && at[1] == '(' ? remark_length(at) : 0;
		if (len > 0)
			at += len;
		else
			*kept++ = *at++;
	}
	*kept = '\0';
}
