/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs the dialects over the text, line by line; then the general reading.
 */
#include "classifier/prose/dialect_reader.h"

#include <string.h>

#include "classifier/prose/author.h"
#include "classifier/prose/candidates.h"
#include "classifier/prose/dialect_pattern.h"
#include "classifier/prose/dialects.h"
#include "classifier/prose/passage.h"
#include "classifier/text/words.h"
#include "classifier/prose/summary.h"
#include "classifier/report/correspondents.h"
#include "classifier/text/address.h"
#include "classifier/text/status_code.h"
#include "classifier/text/text.h"

#define DIAGNOSTIC_LINES 40
/* lines within which a dialect must begin to speak: a mail system's, under a report's subject, else
 */
#define OPEN_LINES         200
#define OPEN_LINES_SUBJECT 15
#define OPEN_LINES_NOTHING 1

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static bool match_recipient(const struct prose_dialect *dialect, const char *line,
			    struct prose_match *out)
{
	if (!memchr(line, '@', strcspn(line, "\n")) && !strstr(dialect->recipient[0], "%u"))
		return false;
	for (size_t i = 0; dialect->recipient[i]; i++) {
		*out = (struct prose_match){0};
		if (dialect_pattern_match_line(dialect->recipient[i], line, out) &&
		    out->recipient.data)
			return true;
	}
	return false;
}

/* The end of what is said from here on: the next recipient, the close, an empty line. */
static const char *diagnostic_end(const struct prose_dialect *dialect, const char *line)
{
	struct prose_match ignored;
	bool words = false;
	for (int i = 0; *line && i < DIAGNOSTIC_LINES; i++, line = next_line(line)) {
		bool empty = line[strspn(line, " \t")] == '\n';
		if (empty && words && dialect->place == PROSE_PARAGRAPH)
			break;
		words |= !empty;
		if (dialect_pattern_match_phrase(dialect->close, line) ||
		    match_recipient(dialect, line, &ignored))
			break;
	}
	return line;
}

static bool has_reply(struct slice text)
{
	g_autofree char *words = g_strndup(text.data, text.len);
	struct slice found;
	return status_code_find_reply(words, &found);
}

/* A bare name is of the host that the original or the report names. Heap; "" if neither does. */
static char *full_address(const struct report_build *build, struct slice found)
{
	const struct report *report = build->report;
	if (memchr(found.data, '@', found.len))
		return g_strndup(found.data, found.len);
	const char *full = correspondents_full_address(report, found.data, found.len);
	if (!*full)
		full = correspondents_addressee(report);
	if (*full)
		return g_strdup(full);
	const char *host = strrchr(report->header.from, '@');
	return host ? g_strdup_printf("%.*s%s", (int)found.len, found.data, host) : g_strdup("");
}

static void add_recipient(struct report_build *build, const struct prose_dialect *dialect,
			  const struct prose_match *match, enum report_action action,
			  struct slice diagnostic)
{
	g_autofree char *address = full_address(build, match->recipient);
	if (!*address)
		return;
	struct report_recipient *r = report_builder_find_recipient(build, address);
	if (!r)
		r = report_builder_recipient(build, dialect->name);
	if (!r)
		return;
	if (!*r->recipient) {
		r->recipient = report_builder_value(build, address, strlen(address));
		r->action = action;
	}
	if (match->original.data && !*r->original_recipient)
		r->original_recipient =
		    report_builder_value(build, match->original.data, match->original.len);
	/* systems that name him twice say it with the codes the second time */
	if (!*r->diagnostic || (!*r->reply_code && has_reply(diagnostic)))
		report_builder_set_diagnostic(build, r, diagnostic);
}

static bool is_blank(const char *from, const char *to)
{
	while (from < to && g_ascii_isspace(*from))
		from++;
	return from >= to;
}

/* A line of a transcript that belongs to the next one: the remote host's reply, and
 * Sendmail's words on an MX that is itself, before it calls the host unknown. */
static bool leads_in(const char *line)
{
	struct prose_match ignored = {0};
	return strncmp(line, "<<<", 3) == 0 ||
	       dialect_pattern_match_line("5%* MX list for %* points back to", line, &ignored);
}

/* The lines that belong to this one and stand before it. */
static const char *replies_before(const char *text, const char *line)
{
	while (line > text + 1) {
		const char *before = line - 1;
		while (before > text && before[-1] != '\n')
			before--;
		if (!leads_in(before))
			break;
		line = before;
	}
	return line;
}

/* What is said about the recipient on this line; before is where the words before him begin. */
static struct slice find_words(const struct prose_dialect *dialect, const struct prose_match *match,
			       const char *before, const char *line)
{
	const char *next = next_line(line);
	const char *from = match->rest ? match->rest : next;
	const char *to = diagnostic_end(dialect, next);
	if (match->line_only)
		from = replies_before(before, line), to = next;
	else if (match->rest && dialect->place == PROSE_PARAGRAPH && *next == '\n')
		to = next;
	if (dialect->place == PROSE_BEFORE || is_blank(from, to))
		from = before, to = next;
	return (struct slice){from, (size_t)(MAX(from, to) - from)};
}

/* Sendmail lists those that failed, wait and got it under a heading each, before one
 * transcript for all. */
static enum report_action section_action(const struct prose_dialect *dialect, const char *line,
					 enum report_action before)
{
	static const struct {
		const char *heading;
		enum report_action action;
	} sections[] = {
	    {"-----%*The following addresses had permanent", REPORT_ACTION_FAILED},
	    {"-----%*The following addresses had transient", REPORT_ACTION_DELAYED},
	    {"-----%*The following addresses had successful", REPORT_ACTION_DELIVERED},
	};
	struct prose_match ignored = {0};
	if (strncmp(line + strspn(line, " \t"), "-----", 5) != 0)
		return before;
	for (size_t i = 0; i < G_N_ELEMENTS(sections); i++)
		if (dialect_pattern_match_line(sections[i].heading, line, &ignored))
			return sections[i].action;
	return dialect->action;
}

static size_t indent_of(const char *line)
{
	return strspn(line, " \t");
}

/* What is said about a recipient stands below him, further in; it may begin with an address too. */
static bool is_continued(const char *line, const char *named)
{
	if (!named || indent_of(line) <= indent_of(named) || line[indent_of(line)] != '<')
		return false;
	int left = DIAGNOSTIC_LINES;
	for (const char *at = next_line(named); at < line && left > 0; at = next_line(at), left--)
		if (at[indent_of(at)] == '\n')
			return false;
	return left > 0;
}

/* More of them behind the first: "<anna@host.example>, <bert@host.example>". */
static void add_chained(struct report_build *build, const struct prose_dialect *dialect,
			struct prose_match match, enum report_action action, struct slice words)
{
	const char *at = match.recipient.data + match.recipient.len;
	const char *end = at + strcspn(at, "\n");
	while (address_find(at, (size_t)(end - at), &match.recipient)) {
		size_t between = strspn(at, " \t<>,;\"'");
		if (at + between != match.recipient.data ||
		    !(memchr(at, ',', between) || memchr(at, ';', between)))
			return;
		add_recipient(build, dialect, &match, action, words);
		at = match.recipient.data + match.recipient.len;
	}
}

static void read_recipients(struct report_build *build, const struct prose_dialect *dialect,
			    const char *open)
{
	const char *before = open;
	const char *named = NULL;
	enum report_action action = dialect->action;
	for (const char *line = open; *line; line = next_line(line)) {
		struct prose_match match;
		if (line != open && dialect_pattern_match_phrase(dialect->close, line))
			break;
		action = section_action(dialect, line, action);
		if (!match_recipient(dialect, line, &match) || is_continued(line, named))
			continue;
		named = line;
		struct slice words = find_words(dialect, &match, before, line);
		add_recipient(build, dialect, &match, action, words);
		add_chained(build, dialect, match, action, words);
		before = next_line(line);
	}
}

/* The lines that are not blank, within which a dialect must begin to speak. */
struct openings {
	const char *line[OPEN_LINES];
	unsigned char first[OPEN_LINES]; /* its first character that is no blank, in lower case */
	int count;
};

static void find_openings(const char *text, int max, struct openings *out)
{
	out->count = 0;
	for (const char *line = text; *line && out->count < max; line = next_line(line)) {
		char first = line[strspn(line, " \t")];
		if (first == '\n')
			continue;
		out->first[out->count] = (unsigned char)g_ascii_tolower(first);
		out->line[out->count++] = line;
	}
}

/* Sixty dialects, two hundred lines: nearly all are told apart by one character. */
static const char *find_open(const struct prose_dialect *dialect, const struct openings *openings)
{
	bool begins[256] = {false}, any = false;
	for (size_t i = 0; dialect->open[i]; i++) {
		any |= *dialect->open[i] == '%';
		begins[(unsigned char)g_ascii_tolower(*dialect->open[i])] = true;
	}
	for (int i = 0; i < openings->count; i++)
		if ((any || begins[openings->first[i]]) &&
		    dialect_pattern_match_phrase(dialect->open, openings->line[i]))
			return openings->line[i];
	return NULL;
}

/* How far into the text a dialect may begin to speak. Where nobody knows who sent it, only
 * a mail system comes to the point at once. */
static int open_lines(struct report_build *build)
{
	if (author_is_machine(build))
		return OPEN_LINES;
	bool expected = author_has_report_subject(build);
	if (author_is_mailbox(build->report))
		return expected && author_is_system(build) ? OPEN_LINES_SUBJECT : 0;
	return expected ? OPEN_LINES_SUBJECT : OPEN_LINES_NOTHING;
}

static bool is_believed(struct report_build *build, const char *text, const char *open)
{
	return author_is_machine(build) || !author_is_personal(text, open);
}

/* The first dialect that speaks in the text and names somebody, or NULL. */
const struct prose_dialect *dialect_reader_collect(struct report_build *build, const char *text)
{
	struct openings openings;
	find_openings(text, open_lines(build), &openings);
	for (size_t i = 0; i < prose_dialect_count; i++) {
		const char *open = find_open(&prose_dialects[i], &openings);
		if (open && !is_believed(build, text, open))
			continue;
		if (open)
			read_recipients(build, &prose_dialects[i], open);
		if (build->recipients->len > 0)
			return &prose_dialects[i];
	}
	return NULL;
}

/* A line that is only an address may be the sender's or the postmaster's: it goes when
 * somebody else is named too, in a list or anywhere in the text. */
static void drop_foreign(struct report_build *build, enum report_action action)
{
	guint kept = 0, count = build->recipients->len;
	for (guint i = 0; i < build->recipients->len; i++) {
		struct report_recipient *r =
		    &g_array_index(build->recipients, struct report_recipient, i);
		if (!correspondents_is_bystander(build->report, r->recipient))
			g_array_index(build->recipients, struct report_recipient, kept++) = *r;
	}
	if (kept == 0 && candidates_pick(build, build->report->text, action)) {
		kept = build->recipients->len - count;
		if (kept > 0)
			g_array_remove_range(build->recipients, 0, count);
	}
	if (kept > 0)
		g_array_set_size(build->recipients, kept);
}

static enum report_kind kind_of(enum report_action action)
{
	switch (action) {
	case REPORT_ACTION_DELAYED:
		return REPORT_DELAY;
	case REPORT_ACTION_DELIVERED:
	case REPORT_ACTION_RELAYED:
	case REPORT_ACTION_EXPANDED:
		return REPORT_SUCCESS;
	case REPORT_ACTION_NONE:
	case REPORT_ACTION_FAILED:
	case REPORT_ACTION_OTHER:
		break;
	}
	return REPORT_PROSE;
}

/* What a notice of a delay says may be the last word on one of them. */
static enum report_action first_final(const struct report_build *build, enum report_action action)
{
	for (guint i = 0; i < build->recipients->len; i++)
		if (g_array_index(build->recipients, struct report_recipient, i).action ==
		    REPORT_ACTION_FAILED)
			return REPORT_ACTION_FAILED;
	return action;
}

/* Neither sender nor subject say that it is a report: then the words must quote a server or tell
 * why, and answer nothing. */
static bool is_quoting_stranger(const struct report_build *build)
{
	if (build->report->references[0] || author_is_personal(build->report->text, NULL))
		return false;
	const struct report_recipient *first =
	    &g_array_index(build->recipients, struct report_recipient, 0);
	g_autofree char *words = text_lower(first->diagnostic);
	return *first->reply_code || *first->status || words_any(words, words_failure) ||
	       words_any(words, words_refusal);
}

static bool is_final(const struct report_build *build)
{
	for (guint i = 0; i < build->recipients->len; i++) {
		const struct report_recipient *r =
		    &g_array_index(build->recipients, struct report_recipient, i);
		if (*r->reply_code == '5' || *r->status == '5')
			return true;
	}
	return false;
}

/* Postfix and Exchange open a warning as they open a failure; only the subject differs. */
static enum report_action delay_all(struct report_build *build)
{
	for (guint i = 0; i < build->recipients->len; i++)
		g_array_index(build->recipients, struct report_recipient, i).action =
		    REPORT_ACTION_DELAYED;
	return REPORT_ACTION_DELAYED;
}

bool dialect_reader_parse(struct report_build *build)
{
	/* a person who quotes a report is no machine */
	if (author_kind(build) == AUTHOR_PERSON)
		return false;
	const struct prose_dialect *dialect = dialect_reader_collect(build, build->report->text);
	if (!dialect)
		return false;
	if ((!author_may_be_machine(build) && !is_quoting_stranger(build)) ||
	    summary_is(build->report)) {
		g_array_set_size(build->recipients, 0);
		return false;
	}
	drop_foreign(build, dialect->action);
	passage_find_codes(build);
	enum report_action action = dialect->action;
	if (action == REPORT_ACTION_FAILED && author_has_delay_subject(build) && !is_final(build))
		action = delay_all(build);
	report_builder_fail_expired(build);
	build->report->dialect = dialect->name;
	build->report->kind = kind_of(first_final(build, action));
	return true;
}
