/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Word lists and one rule for picking the address: what the original was
 * addressed to goes first, the sender's own addresses never count.
 */
#include "classifier/prose/correspondents.h"

#include <string.h>

#include "classifier/prose/author.h"
#include "classifier/prose/candidates.h"
#include "classifier/prose/prose_words.h"
#include "classifier/prose/summary.h"
#include "classifier/text/address.h"
#include "classifier/text/header.h"
#include "classifier/text/smtp_text.h"
#include "classifier/text/text.h"

#define PARAGRAPH_BYTES 2000 /* before and behind a place in it */
#define OCCURRENCES_MAX 8 /* of an address in the text that are looked at for the words about it   \
			   */

bool general_is_daemon_address(const char *address)
{
	static const char *const locals[] = {
	    "postmaster@", "mailer-daemon@", "abuse@",      "support@",   "helpdesk@",
	    "noreply@",    "no-reply@",      "hostmaster@", "webmaster@", "info@",
	    "admin@",      "feedback@",      NULL};
	for (size_t i = 0; locals[i]; i++)
		if (g_ascii_strncasecmp(address, locals[i], strlen(locals[i])) == 0)
			return true;
	return false;
}

bool general_is_correspondent(const struct report *report, const char *address)
{
	return g_ascii_strcasecmp(report->header.from, address) == 0 ||
	       address_is_in(report->header.to, address) ||
	       g_ascii_strcasecmp(report->original.from, address) == 0 ||
	       g_ascii_strcasecmp(report->original.sender, address) == 0;
}

bool general_is_own_host(const struct report *report, const char *address)
{
	const char *host = strrchr(address, '@');
	for (const char *const *to = report->header.to; host && *to; to++) {
		const char *own = strrchr(*to, '@');
		if (own && g_ascii_strcasecmp(own, host) == 0)
			return true;
	}
	return false;
}

bool general_is_foreign(const struct report *report, const char *address)
{
	return !address_is_in(report->original.to, address) &&
	       (general_is_correspondent(report, address) || general_is_daemon_address(address));
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

bool general_add_address(struct report_build *build, const char *address, const char *source,
			 enum report_action action)
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
		enum report_action action = build->report->kind == REPORT_DELAY
						? REPORT_ACTION_DELAYED
						: REPORT_ACTION_FAILED;
		general_add_address(build, address, "x-failed-recipients", action);
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

/* A return path that names whom it was for: "bounces+anna=host.example@ours.example". */
static char *address_of_return_path(const struct report *report)
{
	const char *path = report->header.to[0];
	const char *at = path ? strrchr(path, '@') : NULL;
	const char *equals = at ? memrchr(path, '=', (size_t)(at - path)) : NULL;
	if (!equals || !memchr(equals, '.', (size_t)(at - equals)))
		return g_strdup("");
	const char *from = equals;
	while (from > path && !strchr("+=", from[-1]))
		from--;
	/* "SRS0=hash=day=host=local" has more of them, in another order */
	if (from == path || from == equals || from[-1] != '+')
		return g_strdup("");
	return g_strdup_printf("%.*s@%.*s", (int)(equals - from), from, (int)(at - equals - 1),
			       equals + 1);
}

/* Whom nothing names but the subject, the original's header or the way back. */
static void guess(struct report_build *build, enum report_action action)
{
	const struct report *report = build->report;
	if (candidates_pick(build, report->header.subject, action))
		return;
	g_autofree char *from_path = address_of_return_path(report);
	const char *address = *general_addressee(report) ? general_addressee(report) : from_path;
	if (*address)
		general_add_address(build, address, "original", action);
}

/* "Not delivered" in so many words, or a reason for it under a subject that promises one. */
static bool tells_failure(const struct report_build *build, const char *subject, const char *text)
{
	const struct mime_part *root = mime_parts(build->mime, &(size_t){0});
	struct slice reply;
	if (header_find(root->header, "X-Failed-Recipients", &reply))
		return true;
	if (words_any(subject, words_failure) || words_any(text, words_failure))
		return true;
	if (sender_has_report_subject(build) &&
	    (words_any(text, words_refusal) || sender_quotes_reply(build->report->text)))
		return true;
	return sender_is_daemon(build) && smtp_find_reply(build->report->text, &reply);
}

bool general_is_delay_subject(const struct report_build *build)
{
	g_autofree char *subject = text_lower(build->report->header.subject);
	return words_any(subject, words_delay) && !words_any(subject, words_given_up);
}

static bool tells_delay_only(const char *subject, const char *text)
{
	if (words_any(text, words_only_warning) && !words_any(text, words_final))
		return true; /* some warn under the subject of a failure */
	if (words_any(subject, words_delay))
		return !words_any(subject, words_given_up);
	return !words_any(subject, words_failure) && words_any(text, words_delay) &&
	       !words_any(text, words_given_up);
}

/* Worms come as reports that name nobody, with themselves for an original. */
static bool brings_program(const struct report_build *build)
{
	static const char *const endings[] = {".zip", ".exe", ".scr", ".pif",
					      ".com", ".bat", ".cmd"};
	size_t count;
	const struct mime_part *parts = mime_parts(build->mime, &count);
	if (*build->report->original.message_id || *build->report->original.from)
		return false;
	for (size_t i = 0; i < count; i++) {
		g_autofree char *name = mime_parameter(&parts[i], "name");
		for (size_t j = 0; j < G_N_ELEMENTS(endings); j++)
			if (g_str_has_suffix(name, endings[j]))
				return true;
	}
	return false;
}

bool general_read(struct report_build *build, bool from_machine)
{
	struct report *report = build->report;
	g_autofree char *subject = text_lower(report->header.subject);
	if ((!from_machine && !sender_may_report(build)) || summary_is(report) ||
	    summary_is_transcript(report))
		return false;
	g_autofree char *text = text_lower(report->text);
	if (!from_machine && !words_any(text, words_failure))
		return false;
	bool delay = tells_delay_only(subject, text);
	if (!delay && !tells_failure(build, subject, text))
		return false;
	general_failed_header(build);
	enum report_action action = delay ? REPORT_ACTION_DELAYED : REPORT_ACTION_FAILED;
	if (build->recipients->len == 0 && !candidates_pick(build, report->text, action) &&
	    from_machine)
		guess(build, action);
	if (build->recipients->len == 0 &&
	    !(from_machine && sender_is_certain(build) && !brings_program(build)))
		return false;
	for (guint i = 0; i < build->recipients->len; i++)
		general_diagnostic(build,
				   &g_array_index(build->recipients, struct report_recipient, i));
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

static bool names_another(struct report_build *build, const char *line, size_t len,
			  const struct report_recipient *self)
{
	struct slice found;
	for (const char *at = line; address_find(at, len - (size_t)(at - line), &found);
	     at = found.data + found.len) {
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
static struct slice words_about(struct report_build *build, const char *at,
				const struct report_recipient *self)
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
	return smtp_find_reply(copy, &found) || smtp_find_status(copy, &found) ||
	       words_any(lower, words_failure) || words_any(lower, words_refusal);
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
