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
#include "classifier/prose/summary.h"
#include "classifier/report/correspondents.h"
#include "classifier/report/failed_header.h"
#include "classifier/text/address.h"
#include "classifier/text/status_code.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define DIAGNOSTIC_LINES 40
/* lines within which the opening of a dialect must be: a mail system's, under a report's subject,
 * else
 */
#define OPEN_LINES         200
#define OPEN_LINES_SUBJECT 15
#define OPEN_LINES_NOTHING 1

static const char *next_dialect_line(const char *line)
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
	for (int i = 0; *line && i < DIAGNOSTIC_LINES; i++, line = next_dialect_line(line)) {
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
static char *full_address(const struct message *message, struct slice found)
{
	if (memchr(found.data, '@', found.len))
		return g_strndup(found.data, found.len);
	const char *full = correspondents_full_address(message, found.data, found.len);
	if (!*full)
		full = correspondents_addressee(message);
	if (*full)
		return g_strdup(full);
	const char *host = strrchr(message->header->from, '@');
	return host ? g_strdup_printf("%.*s%s", (int)found.len, found.data, host) : g_strdup("");
}

/* What a dialect reads from a message. */
struct dialect_reading {
	const struct message *message;
	struct finding *finding;
	const struct prose_dialect *dialect;
	enum report_action action; /* of the section that is being read */
};

static void add_dialect_recipient(const struct dialect_reading *reading,
				  const struct prose_match *match, struct slice diagnostic)
{
	struct finding *finding = reading->finding;
	g_autofree char *address = full_address(reading->message, match->recipient);
	struct report_recipient *r =
	    finding_add_address(finding, address, reading->dialect->name, reading->action);
	if (!r)
		return;
	if (match->original.data && !*r->original_recipient)
		r->original_recipient =
		    value_pool_line(finding->pool, match->original.data, match->original.len);
	/* systems that name a recipient twice add the codes the second time */
	if (!*r->diagnostic || (!*r->reply_code && has_reply(diagnostic)))
		finding_set_diagnostic(finding, r, diagnostic);
}

static bool is_blank_between(const char *from, const char *to)
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

/* The lines that belong to this one and are before it. */
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

/* What is said about the recipient on this line; before is where the words before it begin. */
static struct slice find_dialect_words(const struct prose_dialect *dialect,
				       const struct prose_match *match, const char *before,
				       const char *line)
{
	const char *next = next_dialect_line(line);
	const char *from = match->rest ? match->rest : next;
	const char *to = diagnostic_end(dialect, next);
	if (match->line_only)
		from = replies_before(before, line), to = next;
	else if (match->rest && dialect->place == PROSE_PARAGRAPH && *next == '\n')
		to = next;
	if (dialect->place == PROSE_BEFORE || is_blank_between(from, to))
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

/* What is said about a recipient is below its line, further in; it may begin with an address too.
 */
static bool is_continued(const char *line, const char *named)
{
	if (!named || indent_of(line) <= indent_of(named) || line[indent_of(line)] != '<')
		return false;
	int left = DIAGNOSTIC_LINES;
	for (const char *at = next_dialect_line(named); at < line && left > 0;
	     at = next_dialect_line(at), left--)
		if (at[indent_of(at)] == '\n')
			return false;
	return left > 0;
}

/* More of them after the first: "<anna@host.example>, <bert@host.example>". */
static void add_chained(const struct dialect_reading *reading, struct prose_match match,
			struct slice words)
{
	const char *at = match.recipient.data + match.recipient.len;
	const char *end = at + strcspn(at, "\n");
	while (address_find(at, (size_t)(end - at), &match.recipient)) {
		size_t between = strspn(at, " \t<>,;\"'");
		if (at + between != match.recipient.data ||
		    !(memchr(at, ',', between) || memchr(at, ';', between)))
			return;
		add_dialect_recipient(reading, &match, words);
		at = match.recipient.data + match.recipient.len;
	}
}

static void read_recipients(struct dialect_reading *reading, const char *open)
{
	const struct prose_dialect *dialect = reading->dialect;
	const char *before = open;
	const char *named = NULL;
	for (const char *line = open; *line; line = next_dialect_line(line)) {
		struct prose_match match;
		if (line != open && dialect_pattern_match_phrase(dialect->close, line))
			break;
		reading->action = section_action(dialect, line, reading->action);
		if (!match_recipient(dialect, line, &match) || is_continued(line, named))
			continue;
		named = line;
		struct slice words = find_dialect_words(dialect, &match, before, line);
		add_dialect_recipient(reading, &match, words);
		add_chained(reading, match, words);
		/* what was said of one is not said of the next as well */
		before = MAX(next_dialect_line(line), words.data + words.len);
	}
}

/* The lines that are not blank, within which the opening of a dialect must be. */
struct openings {
	const char *line[OPEN_LINES];
	unsigned char first[OPEN_LINES]; /* its first character that is no blank, in lower case */
	int count;
};

static void find_openings(const char *text, int max, struct openings *out)
{
	out->count = 0;
	for (const char *line = text; *line && out->count < max; line = next_dialect_line(line)) {
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

/* How far into the text the opening of a dialect may be. Where the author is unknown, only
 * a mail system comes to the point at once. */
static int open_lines(const struct message *message)
{
	if (message->author == AUTHOR_MACHINE)
		return OPEN_LINES;
	bool expected = author_has_report_subject(message);
	if (author_is_mailbox(message))
		return expected && author_is_system(message) ? OPEN_LINES_SUBJECT : 0;
	return expected ? OPEN_LINES_SUBJECT : OPEN_LINES_NOTHING;
}

static bool is_believed(const struct message *message, const char *open)
{
	return message->author == AUTHOR_MACHINE || !author_is_personal(message->text, open);
}

const struct prose_dialect *dialect_reader_collect(const struct message *message,
						   struct finding *finding)
{
	struct openings openings;
	find_openings(message->text, open_lines(message), &openings);
	for (size_t i = 0; i < prose_dialect_count; i++) {
		const struct prose_dialect *dialect = &prose_dialects[i];
		const char *open = find_open(dialect, &openings);
		if (!open || !is_believed(message, open))
			continue;
		struct dialect_reading reading = {message, finding, dialect, dialect->action};
		read_recipients(&reading, open);
		if (finding->recipients->len > 0)
			return dialect;
	}
	return NULL;
}

/* Is there more in the diagnostic than the address? */
static bool is_told_of(const struct report_recipient *r)
{
	const char *at = address_locate(r->diagnostic, r->recipient);
	const char *end = at ? at + strlen(r->recipient) : r->diagnostic;
	return end[strspn(end, "> \t\n.,;:)")] != '\0';
}

/* The sender, or whom people should turn to; not if something is said of him, or the header says
 * that he has failed: many write to info@. */
static bool is_bystander(const struct message *message, const struct report_recipient *r,
			 char *const *failed)
{
	if (!correspondents_is_bystander(message, r->recipient))
		return false;
	return correspondents_include(message, r->recipient) ||
	       (!*r->reply_code && !*r->status && !is_told_of(r) &&
		!address_is_in((const char *const *)failed, r->recipient));
}

/* A line that is only an address may be the sender's or the postmaster's: it goes when
 * somebody else is named too, in a list or anywhere in the text. */
static void drop_bystanders(const struct message *message, struct finding *finding,
			    enum report_action action)
{
	guint kept = 0, count = finding->recipients->len;
	g_auto(GStrv) failed = failed_header_list(message);
	for (guint i = 0; i < count; i++) {
		struct report_recipient *r = finding_recipient(finding, i);
		if (!is_bystander(message, r, failed))
			*finding_recipient(finding, kept++) = *r;
	}
	if (kept == 0 && candidates_pick(message, message->text, action, finding)) {
		kept = finding->recipients->len - count;
		if (kept > 0)
			g_array_remove_range(finding->recipients, 0, count);
	}
	if (kept > 0)
		g_array_set_size(finding->recipients, kept);
}

static enum report_kind line_kind_of(enum report_action action)
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

/* What a notice of a delay says may be the last word on one recipient. */
static enum report_action first_final(const struct finding *finding, enum report_action action)
{
	for (guint i = 0; i < finding->recipients->len; i++)
		if (finding_recipient(finding, i)->action == REPORT_ACTION_FAILED)
			return REPORT_ACTION_FAILED;
	return action;
}

/* Neither author nor subject say that it is a report: then the words must quote a server or say
 * why, and answer nothing. */
static bool is_quoting_stranger(const struct message *message, const struct finding *finding)
{
	if (message->references[0] || author_is_personal(message->text, NULL))
		return false;
	const struct report_recipient *first = finding_recipient(finding, 0);
	g_autofree char *words = text_lower(first->diagnostic);
	return *first->reply_code || *first->status || words_any(words, words_failure) ||
	       words_any(words, words_refusal);
}

static bool is_final_pattern(const struct finding *finding)
{
	for (guint i = 0; i < finding->recipients->len; i++) {
		const struct report_recipient *r = finding_recipient(finding, i);
		if (*r->reply_code == '5' || *r->status == '5')
			return true;
	}
	return false;
}

/* Postfix and Exchange open a warning as they open a failure; only the subject differs. */
static enum report_action delay_all(struct finding *finding)
{
	for (guint i = 0; i < finding->recipients->len; i++)
		finding_recipient(finding, i)->action = REPORT_ACTION_DELAYED;
	return REPORT_ACTION_DELAYED;
}

struct finding *dialect_reader_parse(const struct message *message)
{
	/* a person who quotes a report is no machine */
	if (message->author == AUTHOR_PERSON)
		return NULL;
	g_autoptr(finding_t) finding = finding_new(message);
	const struct prose_dialect *dialect = dialect_reader_collect(message, finding);
	if (!dialect)
		return NULL;
	if ((!author_may_be_machine(message) && !is_quoting_stranger(message, finding)) ||
	    summary_is(message))
		return NULL;
	drop_bystanders(message, finding, dialect->action);
	passage_read_transcript(message, finding);
	passage_find_codes(message, finding);
	passage_find_aliases(finding);
	enum report_action action = dialect->action;
	if (action == REPORT_ACTION_FAILED && author_has_delay_subject(message) &&
	    !is_final_pattern(finding))
		action = delay_all(finding);
	finding_fail_expired(finding);
	finding->dialect = dialect->name;
	finding->kind = line_kind_of(first_final(finding, action));
	return g_steal_pointer(&finding);
}
