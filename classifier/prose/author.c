/* SPDX-License-Identifier: BSD-2-Clause
 *
 * By header fields first, then by names, then by how a text begins. In doubt it
 * is a person, and the mail goes to a person.
 */
#include "classifier/prose/author.h"

#include <string.h>

#include "classifier/text/address.h"
#include "classifier/text/header.h"
#include "classifier/text/status_code.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define LETTER_LINES 10 /* at the start of a text, where a person would greet */

/* Trackers of tickets, and list managers to those who look after a list, report other people's
 * bounces, some with the null sender. */
static bool is_about_others(const struct message *message)
{
	static const char *const fields[] = {
	    "X-List-Administrivia", "X-Bugzilla-", "X-JIRA-", "X-GitHub-", "X-GitLab-",
	    "X-Redmine-",           "X-Trac-",     "X-RT-"};
	struct slice header = message_header(message);
	struct header_field field;
	while (header_next(&header, &field))
		for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
			if (field.name.len >= strlen(fields[i]) &&
			    g_ascii_strncasecmp(field.name.data, fields[i], strlen(fields[i])) == 0)
				return true;
	return false;
}

bool author_is_list(const struct message *message)
{
	static const char *const list_fields[] = {"List-Id", "List-Post", "List-Unsubscribe",
						  "X-List-Administrivia"};
	struct slice header = message_header(message);
	struct slice value;
	for (size_t i = 0; i < G_N_ELEMENTS(list_fields); i++)
		if (header_find(header, list_fields[i], &value))
			return true;
	return header_find(header, "Precedence", &value) && value.len >= 4 &&
	       g_ascii_strncasecmp(value.data, "list", 4) == 0;
}

static bool has_null_sender(const struct message *message)
{
	struct slice value;
	const char *sender = message->header->sender;
	return header_find(message_header(message), "Return-Path", &value) &&
	       (*sender == '\0' || g_ascii_strncasecmp(sender, "MAILER-DAEMON", 13) == 0);
}

/* Scanners and people's rules put "[SPAM]", "***" or "{?}" before a subject. */
static const char *untagged(const char *subject)
{
	for (;;) {
		subject += strspn(subject, " *!-#");
		const char *close = *subject == '['   ? strchr(subject, ']')
				    : *subject == '{' ? strchr(subject, '}')
						      : NULL;
		if (!close || !close[1])
			return subject;
		subject = close + 1;
	}
}

bool author_is_mailbox(const struct message *message)
{
	return *message->header->sender &&
	       g_ascii_strcasecmp(message->header->sender, message->header->from) == 0;
}

/* A postmaster's report that a list manager sent on to the list. */
static bool is_passed_on(const struct message *message)
{
	g_autofree char *subject = text_lower(message->header->subject);
	return !message->references[0] && words_begin(subject, words_strict_subject) &&
	       !strchr(subject, '?');
}

enum message_author author_find(const struct message *message)
{
	const struct mime_part *root = mime_parts(message->mime, &(size_t){0});
	struct slice value;
	if (is_about_others(message))
		return AUTHOR_PERSON;
	if (header_find(root->header, "X-Failed-Recipients", &value) ||
	    strcmp(root->type, "multipart/report") == 0 || has_null_sender(message))
		return AUTHOR_MACHINE;
	if (words_any(message->from, words_daemon))
		return AUTHOR_MACHINE;
	bool is_postmaster = words_any(message->from, words_postmaster);
	if (author_is_list(message))
		return is_postmaster && is_passed_on(message) ? AUTHOR_MACHINE : AUTHOR_PERSON;
	if (is_postmaster)
		return AUTHOR_MACHINE;
	g_autofree char *subject = text_lower(message->header->subject);
	if (words_begin(subject, words_answer_subject))
		return AUTHOR_PERSON;
	if (author_is_mailbox(message))
		return AUTHOR_OTHER;
	bool has_no_address = !strchr(message->from, '@');
	return (has_no_address || words_any(message->from, words_daemon_weak)) &&
		       author_has_report_subject(message)
		   ? AUTHOR_MACHINE
		   : AUTHOR_OTHER;
}

bool author_has_report_subject(const struct message *message)
{
	g_autofree char *subject = text_lower(message->header->subject);
	return words_begin(untagged(subject), words_report_subject) ||
	       words_any(subject, words_report_phrase);
}

/* A line that begins with a reply, or has one after a colon. */
bool author_quotes_reply(const char *text)
{
	struct slice found;
	if (!status_code_find_reply(text, &found))
		return false;
	const char *at = found.data;
	while (at > text && strchr(" \t<", at[-1]))
		at--;
	return at == text || at[-1] == '\n' || at[-1] == ':';
}

static bool is_generated(const struct message *message)
{
	const struct mime_part *root = mime_parts(message->mime, &(size_t){0});
	struct slice value;
	if (header_find(root->header, "X-Failed-Recipients", &value) ||
	    strcmp(root->type, "multipart/report") == 0)
		return true;
	return (*message->auto_submitted && strcmp(message->auto_submitted, "no") != 0) ||
	       has_null_sender(message);
}

/* A daemon writes to others; what it writes to its own postmaster is a summary. */
static bool is_to_itself(const struct message *message)
{
	return *message->header->from && address_is_in(message->header->to, message->header->from);
}

/* The null sender is any program's, that of a parcel service or of a tracker too, and a name like
 * "Mail Administrator" a person's: the one must not mention goods nor, without a report's subject,
 * greet or quote; the other not greet. */
static bool is_plausible(const struct message *message)
{
	if (words_any(message->from, words_postmaster) || *message->original.header.message_id ||
	    *message->original.header.from)
		return true;
	if (words_any(message->from, words_daemon_weak))
		return is_generated(message) || !author_is_personal(message->text, NULL);
	g_autofree char *subject = text_lower(message->header->subject);
	g_autofree char *text = text_lower(message->text);
	if (words_any(text, words_goods))
		return false;
	return words_begin(untagged(subject), words_report_subject) ||
	       !author_is_personal(message->text, NULL);
}

bool author_has_evidence(const struct message *message)
{
	if (message->author != AUTHOR_MACHINE)
		return false;
	if (words_any(message->from, words_daemon))
		return true;
	if (is_to_itself(message) || !is_plausible(message) ||
	    (author_is_list(message) && author_is_personal(message->text, NULL)))
		return false;
	if (is_generated(message) || !words_any(message->from, words_postmaster))
		return true;
	/* what a postmaster sends may be a letter of the person's */
	g_autofree char *subject = text_lower(message->header->subject);
	if (words_begin(subject, words_answer_subject))
		return false;
	if (author_has_report_subject(message))
		return !message->references[0] || words_any(subject, words_failure);
	return words_any(subject, words_failure) ||
	       (!message->references[0] && author_quotes_reply(message->text));
}

static bool speaks_of_oneself(const char *line, size_t len)
{
	g_autofree char *copy = g_strndup(line, MIN(len, (size_t)200));
	g_autofree char *lower = g_ascii_strdown(copy, -1);
	return words_any(lower, words_about_oneself);
}

/* How people begin, in front of what they paste. */
static bool is_greeting(const char *line, size_t len)
{
	/* "???" is what could not be read */
	for (const char *mark = line; (mark = memchr(mark, '?', len - (size_t)(mark - line)));
	     mark++)
		if (mark > line && g_ascii_isalpha(mark[-1]) &&
		    (mark[1] == '\0' || g_ascii_isspace(mark[1])))
			return true;
	for (const char *const *greeting = words_greeting; *greeting; greeting++) {
		size_t word = strlen(*greeting);
		if (len > word && g_ascii_strncasecmp(line, *greeting, word) == 0 &&
		    strchr(" ,!>", line[word]))
			return true;
	}
	return speaks_of_oneself(line, len);
}

bool author_is_personal(const char *text, const char *end)
{
	for (int lines = 0; *text && lines < LETTER_LINES && (!end || text < end); lines++) {
		text += strspn(text, " \t\n");
		size_t len = strcspn(text, "\n");
		if ((!end || text < end) && is_greeting(text, len))
			return true;
		text += len;
	}
	return false;
}

/* Nobody knows who sent it: then the subject must be a report's, and a server must be
 * quoted. People ask questions about reports; reports ask none in their subjects. */
bool author_may_report(const struct message *message)
{
	g_autofree char *subject = text_lower(message->header->subject);
	return message->author == AUTHOR_OTHER && !author_is_mailbox(message) &&
	       words_begin(untagged(subject), words_strict_subject) && !strchr(subject, '?') &&
	       author_quotes_reply(message->text) && !author_is_personal(message->text, NULL);
}

/* Named so; a null sender alone is any automatic mail's. */
bool author_is_certain(const struct message *message)
{
	const struct mime_part *root = mime_parts(message->mime, &(size_t){0});
	return strcmp(root->type, "multipart/report") == 0 ||
	       words_any(message->from, words_daemon) || words_any(message->from, words_postmaster);
}

bool author_is_daemon(const struct message *message)
{
	return words_any(message->from, words_daemon);
}

bool author_is_system(const struct message *message)
{
	return words_any(message->from, words_daemon_weak);
}

bool author_may_be_machine(const struct message *message)
{
	return message->author == AUTHOR_MACHINE ||
	       (message->author == AUTHOR_OTHER && author_has_report_subject(message));
}

bool author_has_delay_subject(const struct message *message)
{
	g_autofree char *subject = text_lower(message->header->subject);
	return words_any(subject, words_delay) && !words_any(subject, words_given_up);
}

bool author_claims_daemon(const struct message *message)
{
	return *message->from == '\0' || author_is_daemon(message);
}
