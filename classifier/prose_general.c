/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Word lists and one rule for picking the address: what the original was
 * addressed to goes first, the sender's own addresses never count.
 */
#include "classifier/prose_general.h"

#include <string.h>

#include "classifier/address.h"
#include "classifier/header.h"
#include "classifier/prose_words.h"
#include "classifier/smtp_text.h"
#include "classifier/text.h"

#define CANDIDATES_MAX  200
#define PARAGRAPH_BYTES 2000 /* before and behind a place in it */
#define LETTER_LINES    10   /* at the start of a text, where a person would greet */
#define OCCURRENCES_MAX 8    /* of an address in the text that are looked at for the words about it */

static char *lower_header(const struct report_build *build, const char *name)
{
	g_autofree char *value = mime_header(build->mime, 0, name);
	return text_lower(value);
}

static bool is_in(const char *const *list, const char *address)
{
	for (; *list; list++)
		if (g_ascii_strcasecmp(*list, address) == 0)
			return true;
	return false;
}

bool general_is_list_mail(const struct report_build *build)
{
	static const char *const list_fields[] = {"List-Id", "List-Post", "List-Unsubscribe"};
	struct slice header = mime_parts(build->mime, &(size_t){0})->header;
	struct slice value;
	for (size_t i = 0; i < G_N_ELEMENTS(list_fields); i++)
		if (header_find(header, list_fields[i], &value))
			return true;
	return header_find(header, "Precedence", &value) && value.len >= 4 &&
	       g_ascii_strncasecmp(value.data, "list", 4) == 0;
}

/* By what a mailing list or a person's mail program writes into the header. */
static bool is_person(const struct report_build *build)
{
	if (general_is_list_mail(build))
		return true;
	g_autofree char *subject = text_lower(build->report->header.subject);
	return words_begin(subject, words_answer_subject);
}

static bool has_null_sender(const struct report_build *build)
{
	struct slice value;
	const char *sender = build->report->header.sender;
	return header_find(mime_parts(build->mime, &(size_t){0})->header, "Return-Path", &value) &&
	       (*sender == '\0' || g_ascii_strncasecmp(sender, "MAILER-DAEMON", 13) == 0);
}

static enum report_sender find_sender(const struct report_build *build)
{
	const struct mime_part *root = mime_parts(build->mime, &(size_t){0});
	struct slice value;
	if (header_find(root->header, "X-Failed-Recipients", &value) || strcmp(root->type, "multipart/report") == 0 ||
	    has_null_sender(build))
		return SENDER_MACHINE;
	g_autofree char *from = lower_header(build, "From");
	if (words_any(from, words_daemon) || words_any(from, words_postmaster))
		return SENDER_MACHINE;
	if (is_person(build))
		return SENDER_PERSON;
	bool nobody = !strchr(from, '@');
	return (nobody || words_any(from, words_daemon_weak)) && general_has_report_subject(build) ? SENDER_MACHINE
												   : SENDER_OTHER;
}

enum report_sender general_sender(struct report_build *build)
{
	if (build->sender == SENDER_UNKNOWN)
		build->sender = find_sender(build);
	return build->sender;
}

bool general_is_machine(struct report_build *build)
{
	return general_sender(build) == SENDER_MACHINE;
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

bool general_has_report_subject(const struct report_build *build)
{
	g_autofree char *subject = text_lower(build->report->header.subject);
	return words_begin(untagged(subject), words_report_subject) || words_any(subject, words_report_phrase);
}

/* A line that begins with a reply, or brings one behind a colon. */
static bool quotes_reply(const char *text)
{
	struct slice found;
	if (!smtp_find_reply(text, &found))
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
	if (header_find(root->header, "X-Failed-Recipients", &value) || strcmp(root->type, "multipart/report") == 0)
		return true;
	return (*report->auto_submitted && strcmp(report->auto_submitted, "no") != 0) || has_null_sender(build);
}

/* A daemon writes to others; what a postmaster's own machine writes to him is a summary. */
static bool is_to_itself(const struct report *report)
{
	return *report->header.from && is_in(report->header.to, report->header.from);
}

bool general_has_evidence(struct report_build *build)
{
	if (!general_is_machine(build))
		return false;
	g_autofree char *from = lower_header(build, "From");
	if (words_any(from, words_daemon))
		return true;
	if (is_to_itself(build->report))
		return false;
	if (is_generated(build) || !words_any(from, words_postmaster))
		return true;
	/* what a postmaster sends may be a letter of the person's */
	g_autofree char *subject = text_lower(build->report->header.subject);
	if (words_begin(subject, words_answer_subject))
		return false;
	if (general_has_report_subject(build))
		return !build->report->references[0] || words_any(subject, words_failure);
	return words_any(subject, words_failure) ||
	       (!build->report->references[0] && quotes_reply(build->report->text));
}

/* How people begin, in front of what they paste. */
static bool is_personal(const char *line, size_t len)
{
	static const char *const words[] = {"hi",      "hello",    "dear",    "hallo", "guten", "liebe",
					    "lieber",  "sehr",     "bonjour", "hola",  "ciao",  "buongiorno",
					    "moin",    "hey",      "i",       "we",    "salut", "ahoj",
					    "gentile", "estimado", "good",    ">",     NULL};
	if (memchr(line, '?', len))
		return true;
	for (size_t i = 0; words[i]; i++) {
		size_t word = strlen(words[i]);
		if (len > word && g_ascii_strncasecmp(line, words[i], word) == 0 && strchr(" ,!>", line[word]))
			return true;
	}
	return false;
}

bool general_is_letter(const char *text, const char *end)
{
	for (int lines = 0; *text && lines < LETTER_LINES && (!end || text < end); lines++) {
		text += strspn(text, " \t\n");
		size_t len = strcspn(text, "\n");
		if ((!end || text < end) && is_personal(text, len))
			return true;
		text += len;
	}
	return false;
}

static bool is_daemon_address(const char *address)
{
	static const char *const locals[] = {"postmaster@", "mailer-daemon@", "abuse@",      "support@",   "helpdesk@",
					     "noreply@",    "no-reply@",      "hostmaster@", "webmaster@", "info@",
					     "admin@",      "feedback@",      NULL};
	for (size_t i = 0; locals[i]; i++)
		if (g_ascii_strncasecmp(address, locals[i], strlen(locals[i])) == 0)
			return true;
	return false;
}

bool general_is_foreign(const struct report *report, const char *address)
{
	if (is_in(report->original.to, address))
		return false;
	return g_ascii_strcasecmp(report->header.from, address) == 0 || is_in(report->header.to, address) ||
	       g_ascii_strcasecmp(report->original.from, address) == 0 ||
	       g_ascii_strcasecmp(report->original.sender, address) == 0 || is_daemon_address(address);
}

const char *general_full_address(const struct report *report, const char *local, size_t len)
{
	for (const char *const *to = report->original.to; *to && len > 0; to++)
		if (g_ascii_strncasecmp(*to, local, len) == 0 && (*to)[len] == '@')
			return *to;
	return "";
}

const char *general_addressee(const struct report *report)
{
	const struct report_header *original = &report->original;
	if (*original->envelope_to)
		return original->envelope_to;
	if (original->to[0])
		return original->to[1] ? "" : original->to[0];
	return original->delivered_to;
}

static bool add_address(struct report_build *build, const char *address, const char *source, enum report_action action)
{
	struct report_recipient *r = build_find_recipient(build, address);
	if (r)
		return true;
	r = build_recipient(build, source);
	if (!r)
		return false;
	r->recipient = build_value(build, address, strlen(address));
	r->action = action;
	return true;
}

void general_failed_header(struct report_build *build)
{
	g_autofree char *value = mime_header(build->mime, 0, "X-Failed-Recipients");
	struct slice rest = {value, strlen(value)};
	struct slice found;
	while (address_next(&rest, &found)) {
		g_autofree char *address = g_strndup(found.data, found.len);
		enum report_action action =
		    build->report->kind == REPORT_DELAY ? REPORT_ACTION_DELAYED : REPORT_ACTION_FAILED;
		add_address(build, address, "x-failed-recipients", action);
	}
}

char *general_single_failed(const struct report_build *build)
{
	g_autofree char *value = mime_header(build->mime, 0, "X-Failed-Recipients");
	struct slice rest = {value, strlen(value)};
	struct slice first, second;
	if (!address_next(&rest, &first) || address_next(&rest, &second))
		return g_strdup("");
	return g_strndup(first.data, first.len);
}

/* Lines that name the sender, or a message: "From: x", "Message-ID: <x@y>". */
static bool is_other_line(const char *line)
{
	static const char *const fields[] = {
	    "From:",        "Sender:",       "Reply-To:", "Message-ID:", "In-Reply-To:", "References:", "From ",
	    "Return-Path:", "Envelope-From", "MAIL FROM", ">>> MAIL",    "mailto:",      "Message ID",  "Absender:",
	    "Received:",    "contact ",      NULL};
	line += strspn(line, " \t");
	for (size_t i = 0; fields[i]; i++)
		if (g_ascii_strncasecmp(line, fields[i], strlen(fields[i])) == 0)
			return true;
	return false;
}

static GPtrArray *collect_candidates(const struct report *report)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	for (const char *line = report->text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *at = line;
		struct slice found;
		while (list->len < CANDIDATES_MAX && !is_other_line(line) &&
		       address_find(at, len - (size_t)(at - line), &found)) {
			char *address = g_strndup(found.data, found.len);
			at = found.data + found.len;
			if (general_is_foreign(report, address) ||
			    g_ptr_array_find_with_equal_func(list, address, g_str_equal, NULL))
				g_free(address);
			else
				g_ptr_array_add(list, address);
		}
		line += len + (line[len] == '\n');
	}
	return list;
}

/* The address that a line begins with, behind a bullet or a number. */
static bool listed_address(const struct report *report, const char *line, struct slice *found_out)
{
	size_t skip = strspn(line, " \t<*-.)#0123456789");
	size_t len = strcspn(line, "\n");
	if (skip >= len || !address_find(line, len, found_out))
		return false;
	/* a local part may begin with what a bullet may be */
	if (found_out->data > line + skip || found_out->data < line)
		return false;
	g_autofree char *address = g_strndup(found_out->data, found_out->len);
	return !general_is_foreign(report, address);
}

/* The first candidate; if he heads a list, one a line, all of the list. */
static void pick_first(struct report_build *build, const char *first, enum report_action action)
{
	const char *line = strstr(build->report->text, first);
	struct slice found;
	while (line && line > build->report->text && line[-1] != '\n')
		line--;
	add_address(build, first, "prose", action);
	for (int i = 0; line && i < CANDIDATES_MAX && listed_address(build->report, line, &found); i++) {
		g_autofree char *address = g_strndup(found.data, found.len);
		add_address(build, address, "prose", action);
		line += strcspn(line, "\n");
		line = *line ? line + 1 : NULL;
	}
}

/* Adds the candidates that the original was sent to; failing that, the first. */
static void pick(struct report_build *build, GPtrArray *candidates, enum report_action action, bool may_guess)
{
	const struct report *report = build->report;
	for (guint i = 0; i < candidates->len; i++)
		if (is_in(report->original.to, candidates->pdata[i]))
			add_address(build, candidates->pdata[i], "prose", action);
	if (build->recipients->len > 0)
		return;
	/* "Anna@Sales@Org <anna@org.example>": a host has a dot */
	guint first = 0;
	while (first < candidates->len && !strchr(strchr(candidates->pdata[first], '@'), '.'))
		first++;
	if (candidates->len > 0)
		pick_first(build, candidates->pdata[first < candidates->len ? first : 0], action);
	else if (may_guess && *general_addressee(report))
		add_address(build, general_addressee(report), "original", action);
}

/* "Not delivered" in so many words, or a reason for it under a subject that promises one. */
static bool tells_failure(const struct report_build *build, const char *subject, const char *text)
{
	struct slice reply;
	if (words_any(subject, words_failure) || words_any(text, words_failure))
		return true;
	if (general_has_report_subject(build) && (words_any(text, words_refusal) || quotes_reply(build->report->text)))
		return true;
	g_autofree char *from = lower_header(build, "From");
	return words_any(from, words_daemon) && smtp_find_reply(build->report->text, &reply);
}

bool general_is_delay_subject(const struct report_build *build)
{
	g_autofree char *subject = text_lower(build->report->header.subject);
	return words_any(subject, words_delay) && !words_any(subject, words_given_up);
}

static bool tells_delay_only(const char *subject, const char *text)
{
	if (words_any(subject, words_delay))
		return !words_any(subject, words_given_up);
	return !words_any(subject, words_failure) && words_any(text, words_delay) && !words_any(text, words_given_up);
}

/* Nobody knows who sent it: then the subject must be a report's, and a server must be
 * quoted. People ask questions about reports; reports ask none in their subjects. */
static bool may_be_report(struct report_build *build, const char *subject)
{
	return general_sender(build) == SENDER_OTHER && words_begin(untagged(subject), words_strict_subject) &&
	       !strchr(subject, '?') && quotes_reply(build->report->text) &&
	       !general_is_letter(build->report->text, NULL);
}

/* A mail system by more than its name and the subject. */
static bool is_certain(const struct report_build *build)
{
	g_autofree char *from = lower_header(build, "From");
	return is_generated(build) || words_any(from, words_daemon) || words_any(from, words_postmaster);
}

bool general_read(struct report_build *build, bool from_machine)
{
	struct report *report = build->report;
	g_autofree char *subject = text_lower(report->header.subject);
	if (!from_machine && !may_be_report(build, subject))
		return false;
	g_autofree char *text = text_lower(report->text);
	if (!from_machine && !words_any(text, words_failure))
		return false;
	bool delay = tells_delay_only(subject, text);
	if (!delay && !tells_failure(build, subject, text))
		return false;
	general_failed_header(build);
	if (build->recipients->len == 0) {
		g_autoptr(GPtrArray) candidates = collect_candidates(report);
		pick(build, candidates, delay ? REPORT_ACTION_DELAYED : REPORT_ACTION_FAILED, from_machine);
	}
	if (build->recipients->len == 0 && !(from_machine && is_certain(build)))
		return false;
	for (guint i = 0; i < build->recipients->len; i++)
		general_diagnostic(build, &g_array_index(build->recipients, struct report_recipient, i));
	report->kind = delay ? REPORT_DELAY : REPORT_PROSE;
	report->dialect = "prose";
	return true;
}

/* Start of the paragraph that at lies in, not too far back. */
static const char *paragraph_start(const char *text, const char *at)
{
	const char *floor = at - text > PARAGRAPH_BYTES ? at - PARAGRAPH_BYTES : text;
	while (at > floor && !(at[-1] == '\n' && (at - text < 2 || at[-2] == '\n')))
		at--;
	while (((unsigned char)*at & 0xC0) == 0x80)
		at++;
	return at;
}

static const char *paragraph_end(const char *at)
{
	size_t len = strnlen(at, PARAGRAPH_BYTES);
	const char *end = memmem(at, len, "\n\n", 2);
	return end ? end : at + text_cut_length(at, strlen(at), len);
}

struct slice general_paragraph(const char *text, const char *at)
{
	const char *from = paragraph_start(text, at);
	return (struct slice){from, (size_t)(paragraph_end(at) - from)};
}

static bool names_another(struct report_build *build, const char *line, size_t len, const struct report_recipient *self)
{
	struct slice found;
	for (const char *at = line; address_find(at, len - (size_t)(at - line), &found); at = found.data + found.len) {
		g_autofree char *address = g_strndup(found.data, found.len);
		const struct report_recipient *other = build_find_recipient(build, address);
		if (other && other != self)
			return true;
	}
	return false;
}

/* His own lines of a paragraph that names several: from his to the next one's. */
static struct slice own_lines(struct report_build *build, struct slice paragraph, const char *at,
			      const struct report_recipient *self)
{
	const char *end = paragraph.data + paragraph.len;
	const char *from = at;
	while (from > paragraph.data && from[-1] != '\n')
		from--;
	const char *line = from + strcspn(from, "\n");
	while (line < end && !names_another(build, line + 1, strcspn(line + 1, "\n"), self))
		line += 1 + strcspn(line + 1, "\n");
	return (struct slice){from, (size_t)(MIN(line, end) - from)};
}

/* The words about an address that occurs here: its paragraph, and the next one when
 * this one says no more than the address. */
static struct slice words_about(struct report_build *build, const char *at, const struct report_recipient *self)
{
	const char *text = build->report->text;
	struct slice words = general_paragraph(text, at);
	if (build->recipients->len > 1)
		return own_lines(build, words, at, self);
	const char *end = words.data + words.len;
	if (*end && words.len < strlen(self->recipient) + 20)
		end = paragraph_end(end + strspn(end, "\n"));
	words.len = (size_t)(end - words.data);
	return words;
}

static bool tells_why(struct slice words)
{
	struct slice found;
	g_autofree char *copy = g_strndup(words.data, words.len);
	g_autofree char *lower = text_lower(copy);
	return smtp_find_reply(copy, &found) || smtp_find_status(copy, &found) || words_any(lower, words_failure) ||
	       words_any(lower, words_refusal);
}

void general_diagnostic(struct report_build *build, struct report_recipient *recipient)
{
	const char *text = build->report->text;
	const char *address = recipient->recipient;
	if (*recipient->original_recipient && !strcasestr(text, address))
		address = recipient->original_recipient;
	const char *at = *address ? strcasestr(text, address) : NULL;
	if (!at && build->recipients->len > 1)
		return; /* the words may be about another one */
	struct slice words = {text, strlen(text)};
	if (at)
		words = words_about(build, at, recipient);
	for (int i = 0; at && i < OCCURRENCES_MAX; i++, at = strcasestr(at + 1, address)) {
		struct slice other = words_about(build, at, recipient);
		if (tells_why(other)) {
			words = other;
			break;
		}
	}
	build_set_diagnostic(build, recipient, words);
}
