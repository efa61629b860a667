/* SPDX-License-Identifier: BSD-2-Clause
 *
 * By header fields first, then by names, then by how a text begins. In doubt a
 * person: his letter goes to a person.
 */
#include "classifier/prose/author.h"

#include <string.h>

#include "classifier/text/address.h"
#include "classifier/text/header.h"
#include "classifier/text/status_code.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define LETTER_LINES 10 /* at the start of a text, where a person would greet */

static char *lower_header(const struct report_build *build, const char *name)
{
	g_autofree char *value = mime_header(build->mime, 0, name);
	return text_lower(value);
}

/* Trackers of tickets, and list managers to those who look after a list, tell of other people's
 * bounces, some with the null sender. */
static bool is_about_others(const struct report_build *build)
{
	static const char *const fields[] = {
	    "X-List-Administrivia", "X-Bugzilla-", "X-JIRA-", "X-GitHub-", "X-GitLab-",
	    "X-Redmine-",           "X-Trac-",     "X-RT-"};
	struct slice header = mime_parts(build->mime, &(size_t){0})->header;
	struct header_field field;
	while (header_next(&header, &field))
		for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
			if (field.name.len >= strlen(fields[i]) &&
			    g_ascii_strncasecmp(field.name.data, fields[i], strlen(fields[i])) == 0)
				return true;
	return false;
}

bool author_is_list(const struct report_build *build)
{
	static const char *const list_fields[] = {"List-Id", "List-Post", "List-Unsubscribe",
						  "X-List-Administrivia"};
	struct slice header = mime_parts(build->mime, &(size_t){0})->header;
	struct slice value;
	for (size_t i = 0; i < G_N_ELEMENTS(list_fields); i++)
		if (header_find(header, list_fields[i], &value))
			return true;
	return header_find(header, "Precedence", &value) && value.len >= 4 &&
	       g_ascii_strncasecmp(value.data, "list", 4) == 0;
}

static bool has_null_sender(const struct report_build *build)
{
	struct slice value;
	const char *sender = build->report->header.sender;
	return header_find(mime_parts(build->mime, &(size_t){0})->header, "Return-Path", &value) &&
	       (*sender == '\0' || g_ascii_strncasecmp(sender, "MAILER-DAEMON", 13) == 0);
}

bool author_is_mailbox(const struct report *report)
{
	return *report->header.sender &&
	       g_ascii_strcasecmp(report->header.sender, report->header.from) == 0;
}

static enum message_author find_sender(const struct report_build *build)
{
	const struct mime_part *root = mime_parts(build->mime, &(size_t){0});
	struct slice value;
	if (is_about_others(build))
		return AUTHOR_PERSON;
	if (header_find(root->header, "X-Failed-Recipients", &value) ||
	    strcmp(root->type, "multipart/report") == 0 || has_null_sender(build))
		return AUTHOR_MACHINE;
	g_autofree char *from = lower_header(build, "From");
	if (words_any(from, words_daemon))
		return AUTHOR_MACHINE;
	if (author_is_list(build))
		return AUTHOR_PERSON;
	if (words_any(from, words_postmaster))
		return AUTHOR_MACHINE;
	g_autofree char *subject = text_lower(build->report->header.subject);
	if (words_begin(subject, words_answer_subject))
		return AUTHOR_PERSON;
	if (author_is_mailbox(build->report))
		return AUTHOR_OTHER;
	bool nobody = !strchr(from, '@');
	return (nobody || words_any(from, words_daemon_weak)) && author_has_report_subject(build)
		   ? AUTHOR_MACHINE
		   : AUTHOR_OTHER;
}

enum message_author author_kind(struct report_build *build)
{
	if (build->sender == AUTHOR_UNKNOWN)
		build->sender = find_sender(build);
	return build->sender;
}

bool author_is_machine(struct report_build *build)
{
	return author_kind(build) == AUTHOR_MACHINE;
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

bool author_has_report_subject(const struct report_build *build)
{
	g_autofree char *subject = text_lower(build->report->header.subject);
	return words_begin(untagged(subject), words_report_subject) ||
	       words_any(subject, words_report_phrase);
}

/* A line that begins with a reply, or brings one behind a colon. */
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

static bool is_generated(const struct report_build *build)
{
	const struct mime_part *root = mime_parts(build->mime, &(size_t){0});
	const struct report *report = build->report;
	struct slice value;
	if (header_find(root->header, "X-Failed-Recipients", &value) ||
	    strcmp(root->type, "multipart/report") == 0)
		return true;
	return (*report->auto_submitted && strcmp(report->auto_submitted, "no") != 0) ||
	       has_null_sender(build);
}

/* A daemon writes to others; what a postmaster's own machine writes to him is a summary. */
static bool is_to_itself(const struct report *report)
{
	return *report->header.from && address_is_in(report->header.to, report->header.from);
}

/* The null sender is any program's, that of a parcel service too, and a name like "Mail
 * Administrator" a person's: the one must not speak of goods, the other not greet. */
static bool is_plausible(const struct report_build *build, const char *from)
{
	const struct report *report = build->report;
	if (words_any(from, words_postmaster) || *report->original.message_id ||
	    *report->original.from)
		return true;
	if (words_any(from, words_daemon_weak))
		return is_generated(build) || !author_is_personal(report->text, NULL);
	g_autofree char *text = text_lower(report->text);
	return !words_any(text, words_goods);
}

bool author_has_evidence(struct report_build *build)
{
	if (!author_is_machine(build))
		return false;
	g_autofree char *from = lower_header(build, "From");
	if (words_any(from, words_daemon))
		return true;
	if (is_to_itself(build->report) || !is_plausible(build, from))
		return false;
	if (is_generated(build) || !words_any(from, words_postmaster))
		return true;
	/* what a postmaster sends may be a letter of the person's */
	g_autofree char *subject = text_lower(build->report->header.subject);
	if (words_begin(subject, words_answer_subject))
		return false;
	if (author_has_report_subject(build))
		return !build->report->references[0] || words_any(subject, words_failure);
	return words_any(subject, words_failure) ||
	       (!build->report->references[0] && author_quotes_reply(build->report->text));
}

static bool speaks_of_himself(const char *line, size_t len)
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
	return speaks_of_himself(line, len);
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
bool author_may_report(struct report_build *build)
{
	g_autofree char *subject = text_lower(build->report->header.subject);
	return author_kind(build) == AUTHOR_OTHER && !author_is_mailbox(build->report) &&
	       words_begin(untagged(subject), words_strict_subject) && !strchr(subject, '?') &&
	       author_quotes_reply(build->report->text) &&
	       !author_is_personal(build->report->text, NULL);
}

/* Named so; a null sender alone is any automatic mail's. */
bool author_is_certain(const struct report_build *build)
{
	const struct mime_part *root = mime_parts(build->mime, &(size_t){0});
	g_autofree char *from = lower_header(build, "From");
	return strcmp(root->type, "multipart/report") == 0 || words_any(from, words_daemon) ||
	       words_any(from, words_postmaster);
}

bool author_is_daemon(const struct report_build *build)
{
	g_autofree char *from = lower_header(build, "From");
	return words_any(from, words_daemon);
}

bool author_is_system(const struct report_build *build)
{
	g_autofree char *from = lower_header(build, "From");
	return words_any(from, words_daemon_weak);
}

bool author_may_be_machine(struct report_build *build)
{
	return author_is_machine(build) ||
	       (author_kind(build) == AUTHOR_OTHER && author_has_report_subject(build));
}

bool author_has_delay_subject(const struct report_build *build)
{
	g_autofree char *subject = text_lower(build->report->header.subject);
	return words_any(subject, words_delay) && !words_any(subject, words_given_up);
}

bool author_claims_daemon(const struct report_build *build)
{
	g_autofree char *from = mime_header(build->mime, 0, "From");
	g_autofree char *lower = text_lower(from);
	return *lower == '\0' || words_any(lower, words_daemon);
}
