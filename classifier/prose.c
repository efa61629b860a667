/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs the dialects over the text, line by line; then the general reading.
 */
#include "classifier/prose.h"

#include <string.h>

#include "classifier/address.h"
#include "classifier/prose_dialects.h"
#include "classifier/prose_general.h"
#include "classifier/report_settle.h"
#include "classifier/smtp_text.h"

#define ADDRESS_BYTES    400 /* of a line that one address may take */
#define NAME_BYTES       64  /* of a local part, RFC 5321 */
#define DIAGNOSTIC_LINES 40
#define COMPLETED_MAX    100 /* recipients of a delivery status that get words from the text */
/* lines within which a dialect must begin to speak: a mail system's, under a report's subject, else */
#define OPEN_LINES         200
#define OPEN_LINES_SUBJECT 8
#define OPEN_LINES_NOTHING 1

struct match {
	struct slice recipient;
	struct slice original;
	const char *rest; /* where %d is, or NULL */
	bool line_only;   /* %l */
};

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static bool match_here(const char *pattern, const char *at, const char *end, struct match *out);

static bool match_any(const char *pattern, const char *at, const char *end, struct match *out)
{
	for (; at <= end; at++)
		if (match_here(pattern, at, end, out))
			return true;
	return false;
}

/* A local part alone: letters, digits and what names are joined with. */
static bool match_name(const char **at, const char *end, struct slice *out)
{
	const char *from = *at;
	const char *to = from;
	while (to < end && (g_ascii_isalnum(*to) || strchr("._-+'", *to)))
		to++;
	while (to > from && to[-1] == '.')
		to--;
	if (to == from || !g_ascii_isalnum(*from) || to - from > NAME_BYTES || (to < end && (*to == '@' || *to == ':')))
		return false;
	*out = (struct slice){from, (size_t)(to - from)};
	*at = to;
	return true;
}

static bool match_address(const char **at, const char *end, struct slice *out)
{
	if (!address_find(*at, MIN((size_t)(end - *at), ADDRESS_BYTES), out) || out->data != *at)
		return false;
	*at = out->data + out->len;
	return true;
}

/* One row's pattern against the rest of a line; only %* tries more than one way. */
static bool match_here(const char *pattern, const char *at, const char *end, struct match *out)
{
	for (; *pattern; pattern++) {
		if (*pattern == ' ') {
			if (at < end && *at != ' ' && *at != '\t')
				return false;
			while (at < end && (*at == ' ' || *at == '\t'))
				at++;
		} else if (*pattern == '$') {
			while (at < end && (*at == ' ' || *at == '\t'))
				at++;
			return at == end;
		} else if (*pattern == '%') {
			pattern++;
			if (*pattern == '*')
				return match_any(pattern + 1, at, end, out);
			if (*pattern == 'd') {
				out->rest = at;
				return true;
			}
			if (*pattern == 'l') {
				out->line_only = true;
				continue;
			}
			if (*pattern == 'u') {
				if (!match_name(&at, end, &out->recipient))
					return false;
				continue;
			}
			if (!match_address(&at, end, *pattern == 'a' ? &out->recipient : &out->original))
				return false;
		} else {
			if (at == end || g_ascii_tolower(*at) != g_ascii_tolower(*pattern))
				return false;
			at++;
		}
	}
	return true;
}

static bool match_line(const char *pattern, const char *line, struct match *out)
{
	line += strspn(line, " \t");
	return match_here(pattern, line, line + strcspn(line, "\n"), out);
}

/* Most patterns fail at their first character. */
static bool may_match(const char *pattern, char first)
{
	return *pattern == '%' || g_ascii_tolower(*pattern) == first;
}

static bool matches_phrase(const char *const *phrases, const char *line)
{
	struct match ignored = {0};
	line += strspn(line, " \t");
	char first = g_ascii_tolower(*line);
	for (size_t i = 0; i < PROSE_PHRASES && phrases[i]; i++)
		if (may_match(phrases[i], first) && match_line(phrases[i], line, &ignored))
			return true;
	return false;
}

static bool match_recipient(const struct prose_dialect *dialect, const char *line, struct match *out)
{
	if (!memchr(line, '@', strcspn(line, "\n")) && !strstr(dialect->recipient[0], "%u"))
		return false;
	for (size_t i = 0; i < PROSE_PHRASES && dialect->recipient[i]; i++) {
		*out = (struct match){0};
		if (match_line(dialect->recipient[i], line, out) && out->recipient.data)
			return true;
	}
	return false;
}

/* The end of what is said from here on: the next recipient, the close, an empty line. */
static const char *diagnostic_end(const struct prose_dialect *dialect, const char *line)
{
	struct match ignored;
	bool words = false;
	for (int i = 0; *line && i < DIAGNOSTIC_LINES; i++, line = next_line(line)) {
		bool empty = line[strspn(line, " \t")] == '\n';
		if (empty && words && dialect->place == PROSE_PARAGRAPH)
			break;
		words |= !empty;
		if (matches_phrase(dialect->close, line) || match_recipient(dialect, line, &ignored))
			break;
	}
	return line;
}

static bool has_reply(struct slice text)
{
	g_autofree char *words = g_strndup(text.data, text.len);
	struct slice found;
	return smtp_find_reply(words, &found);
}

/* A bare name is of the host that the original or the report names. Heap; "" if neither does. */
static char *full_address(const struct report_build *build, struct slice found)
{
	const struct report *report = build->report;
	if (memchr(found.data, '@', found.len))
		return g_strndup(found.data, found.len);
	const char *full = general_full_address(report, found.data, found.len);
	if (!*full)
		full = general_addressee(report);
	if (*full)
		return g_strdup(full);
	const char *host = strrchr(report->header.from, '@');
	return host ? g_strdup_printf("%.*s%s", (int)found.len, found.data, host) : g_strdup("");
}

static void add_recipient(struct report_build *build, const struct prose_dialect *dialect, const struct match *match,
			  enum report_action action, struct slice diagnostic)
{
	g_autofree char *address = full_address(build, match->recipient);
	if (!*address)
		return;
	struct report_recipient *r = build_find_recipient(build, address);
	if (!r)
		r = build_recipient(build, dialect->name);
	if (!r)
		return;
	if (!*r->recipient) {
		r->recipient = build_value(build, address, strlen(address));
		r->action = action;
	}
	if (match->original.data && !*r->original_recipient)
		r->original_recipient = build_value(build, match->original.data, match->original.len);
	/* systems that name him twice say it with the codes the second time */
	if (!*r->diagnostic || (!*r->reply_code && has_reply(diagnostic)))
		build_set_diagnostic(build, r, diagnostic);
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
	struct match ignored = {0};
	return strncmp(line, "<<<", 3) == 0 || match_line("5%* MX list for %* points back to", line, &ignored);
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
static struct slice find_words(const struct prose_dialect *dialect, const struct match *match, const char *before,
			       const char *line)
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
	struct match ignored = {0};
	if (strncmp(line + strspn(line, " \t"), "-----", 5) != 0)
		return before;
	for (size_t i = 0; i < G_N_ELEMENTS(sections); i++)
		if (match_line(sections[i].heading, line, &ignored))
			return sections[i].action;
	return dialect->action;
}

static void read_recipients(struct report_build *build, const struct prose_dialect *dialect, const char *open)
{
	const char *before = open;
	enum report_action action = dialect->action;
	for (const char *line = open; *line; line = next_line(line)) {
		struct match match;
		if (line != open && matches_phrase(dialect->close, line))
			break;
		action = section_action(dialect, line, action);
		if (!match_recipient(dialect, line, &match))
			continue;
		add_recipient(build, dialect, &match, action, find_words(dialect, &match, before, line));
		before = next_line(line);
	}
}

/* The characters that lines of the text begin with, in lower case: most phrases of most
 * dialects need not be tried on any line. */
static void find_first_characters(const char *text, bool seen[256])
{
	for (const char *line = text; *line; line = next_line(line))
		seen[(unsigned char)g_ascii_tolower(line[strspn(line, " \t")])] = true;
}

static bool may_open(const struct prose_dialect *dialect, const bool seen[256])
{
	for (size_t i = 0; i < PROSE_PHRASES && dialect->open[i]; i++)
		if (*dialect->open[i] == '%' || seen[(unsigned char)g_ascii_tolower(*dialect->open[i])])
			return true;
	return false;
}

static const char *find_open(const struct prose_dialect *dialect, const char *text, int lines)
{
	for (const char *line = text; *line && lines > 0; line = next_line(line)) {
		if (line[strspn(line, " \t")] == '\n')
			continue;
		if (matches_phrase(dialect->open, line))
			return line;
		lines--;
	}
	return NULL;
}

/* How far into the text a dialect may begin to speak. Where nobody knows who sent it, only
 * a mail system comes to the point at once. */
static int open_lines(struct report_build *build)
{
	if (general_is_machine(build))
		return OPEN_LINES;
	return general_has_report_subject(build) ? OPEN_LINES_SUBJECT : OPEN_LINES_NOTHING;
}

static bool is_believed(struct report_build *build, const char *text, const char *open)
{
	return general_is_machine(build) || !general_is_letter(text, open);
}

/* The first dialect that speaks in the text and names somebody, or NULL. */
static const struct prose_dialect *read_dialects(struct report_build *build, const char *text)
{
	bool seen[256] = {false};
	int lines = open_lines(build);
	find_first_characters(text, seen);
	for (size_t i = 0; i < prose_dialect_count; i++) {
		if (!may_open(&prose_dialects[i], seen))
			continue;
		const char *open = find_open(&prose_dialects[i], text, lines);
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
 * somebody else is named too. */
static void drop_foreign(struct report_build *build)
{
	guint kept = 0;
	for (guint i = 0; i < build->recipients->len; i++) {
		struct report_recipient *r = &g_array_index(build->recipients, struct report_recipient, i);
		if (!general_is_foreign(build->report, r->recipient))
			g_array_index(build->recipients, struct report_recipient, kept++) = *r;
	}
	if (kept > 0)
		g_array_set_size(build->recipients, kept);
}

/* When one recipient is named, a code anywhere in the text is about him. */
static void find_codes_in_text(struct report_build *build)
{
	if (build->recipients->len != 1)
		return;
	struct report_recipient *r = &g_array_index(build->recipients, struct report_recipient, 0);
	struct slice found;
	if (*r->status || *r->reply_code || r->action != REPORT_ACTION_FAILED)
		return;
	if (!smtp_find_reply(build->report->text, &found) && !smtp_find_status(build->report->text, &found))
		return;
	struct slice around = general_paragraph(build->report->text, found.data);
	const char *line = build_value(build, around.data, around.len);
	bool known = strstr(line, r->diagnostic) != NULL;
	g_autofree char *words = g_strdup_printf("%s\n%.*s", known ? "" : r->diagnostic, (int)around.len, around.data);
	build_set_diagnostic(build, r, (struct slice){words, strlen(words)});
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
		if (g_array_index(build->recipients, struct report_recipient, i).action == REPORT_ACTION_FAILED)
			return REPORT_ACTION_FAILED;
	return action;
}

bool prose_is_expected(struct report_build *build)
{
	return general_is_machine(build) ||
	       (general_sender(build) == SENDER_OTHER && general_has_report_subject(build));
}

/* Neither sender nor subject say that it is a report: then the words must quote a server,
 * answer nothing, and must not come from their author by the envelope. */
static bool is_quoting_stranger(const struct report_build *build)
{
	const struct report_header *header = &build->report->header;
	if (build->report->references[0] || general_is_letter(build->report->text, NULL))
		return false;
	if (*header->sender && g_ascii_strcasecmp(header->sender, header->from) == 0)
		return false;
	const struct report_recipient *first = &g_array_index(build->recipients, struct report_recipient, 0);
	return *first->reply_code || *first->status;
}

static bool is_final(const struct report_build *build)
{
	for (guint i = 0; i < build->recipients->len; i++) {
		const struct report_recipient *r = &g_array_index(build->recipients, struct report_recipient, i);
		if (*r->reply_code == '5' || *r->status == '5')
			return true;
	}
	return false;
}

/* Postfix and Exchange open a warning as they open a failure; only the subject differs. */
static enum report_action delay_all(struct report_build *build)
{
	for (guint i = 0; i < build->recipients->len; i++)
		g_array_index(build->recipients, struct report_recipient, i).action = REPORT_ACTION_DELAYED;
	return REPORT_ACTION_DELAYED;
}

bool prose_parse_dialects(struct report_build *build)
{
	/* a person who quotes a report is no machine */
	if (general_sender(build) == SENDER_PERSON)
		return false;
	const struct prose_dialect *dialect = read_dialects(build, build->report->text);
	if (!dialect)
		return false;
	if (!prose_is_expected(build) && !is_quoting_stranger(build)) {
		g_array_set_size(build->recipients, 0);
		return false;
	}
	drop_foreign(build);
	find_codes_in_text(build);
	enum report_action action = dialect->action;
	if (action == REPORT_ACTION_FAILED && general_is_delay_subject(build) && !is_final(build))
		action = delay_all(build);
	settle_expired(build);
	build->report->dialect = dialect->name;
	build->report->kind = kind_of(first_final(build, action));
	return true;
}

bool prose_parse_general(struct report_build *build)
{
	if (!general_read(build, general_has_evidence(build)))
		return false;
	find_codes_in_text(build);
	return true;
}

bool prose_from_machine(struct report_build *build)
{
	return general_is_machine(build);
}

void prose_rejection(struct report_build *build)
{
	static const char *const words[] = {"automatically rejected",
					    "refused by the recipient's mail filtering program",
					    "message was automatically rejected"};
	bool rejected = false;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		rejected |= strcasestr(build->report->text, words[i]) != NULL;
	if (!rejected)
		return;
	build->report->kind = REPORT_PROSE;
	build->report->dialect = "sieve-reject";
	for (guint i = 0; i < build->recipients->len; i++) {
		struct report_recipient *r = &g_array_index(build->recipients, struct report_recipient, i);
		r->action = REPORT_ACTION_FAILED;
		general_diagnostic(build, r);
	}
}

/* --- beside a delivery status --------------------------------------------- */

static bool is_usable(const char *address)
{
	const char *at = strrchr(address, '@');
	if (!at || at == address || !at[1] || strchr("/|", *address))
		return false;
	/* "Anna Smith/Sales@ORG" is a name in Notes */
	return strchr(at, '.') || !memchr(address, '/', (size_t)(at - address));
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* A Final-Recipient may be a file, a command or half an address. When only one
 * address can be meant, it is that one. */
static void mend_address(struct report_build *build, struct report_recipient *r, const GArray *told)
{
	if (is_usable(r->recipient))
		return;
	const char *full = general_full_address(build->report, r->recipient, strlen(r->recipient));
	if (is_usable(r->original_recipient))
		r->recipient = r->original_recipient;
	else if (*full)
		r->recipient = full;
	if (is_usable(r->recipient) || build->recipients->len > 1)
		return;
	g_autofree char *failed = general_single_failed(build);
	if (*failed)
		r->recipient = build_value(build, failed, strlen(failed));
	else if (told->len == 1)
		r->recipient = g_array_index(told, struct report_recipient, 0).recipient;
	else if (*general_addressee(build->report))
		r->recipient = general_addressee(build->report);
}

static void take_words(struct report_recipient *r, const struct report_recipient *told)
{
	if (!*r->diagnostic || is_number(r->diagnostic))
		r->diagnostic = told->diagnostic;
	if (!*r->status)
		r->status = told->status;
	if (!*r->reply_code)
		r->reply_code = told->reply_code;
	if (!*r->remote_mta)
		r->remote_mta = told->remote_mta;
}

static bool is_complete(const struct report_recipient *r)
{
	return *r->diagnostic && !is_number(r->diagnostic) && is_usable(r->recipient);
}

void prose_complete(struct report_build *build)
{
	bool complete = true;
	for (guint i = 0; i < build->recipients->len; i++)
		complete &= is_complete(&g_array_index(build->recipients, struct report_recipient, i));
	if (complete)
		return;
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(struct report_recipient));
	struct report_build scratch = *build;
	scratch.recipients = told;
	scratch.sender = SENDER_MACHINE;
	read_dialects(&scratch, build->report->text);
	for (guint i = 0; i < MIN(build->recipients->len, COMPLETED_MAX); i++) {
		struct report_recipient *r = &g_array_index(build->recipients, struct report_recipient, i);
		mend_address(build, r, told);
		const struct report_recipient *words = build_find_recipient(&scratch, r->recipient);
		if (!words && *r->original_recipient)
			words = build_find_recipient(&scratch, r->original_recipient);
		if (words)
			take_words(r, words);
		if (!*r->diagnostic && (r->action == REPORT_ACTION_FAILED || r->action == REPORT_ACTION_DELAYED))
			general_diagnostic(build, r);
	}
	find_codes_in_text(build);
}
