/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One rule, points for places: the word before an address says most ("to",
 * "from", "contact"), then whose host it is, then the server's answer after it.
 * No promise but this: the sender is never taken for the recipient.
 */
#include "classifier/prose/candidates.h"

#include <string.h>

#include "classifier/report/correspondents.h"
#include "classifier/text/address.h"
#include "classifier/text/status_code.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define CANDIDATES_MAX  200
#define REPEATED_LINES  6   /* between two recipients with the same words */
#define LEAD_BYTES      64  /* before an address, which say what it is */
#define LEAD_LINE_BYTES 200 /* of the line before its line */

enum points {
	POINTS_PLAIN = 2,
	POINTS_RECIPIENT = 3, /* "to", "recipient" ... before it */
	POINTS_LISTED = 1,    /* its line begins with it */
	POINTS_REFUSED = 1,   /* a server's reply after it */
	POINTS_TAKEN = -4,    /* a server said yes */
	POINTS_CONTACT = -3,  /* "contact", "write to" before it */
	POINTS_DAEMON = -2,   /* postmaster@, support@ ... */
	POINTS_OWN = -2,      /* of the host that the report came to */
	POINTS_NO_HOST = -2,  /* nothing with a dot after the @ */
	POINTS_CLOSE = 1,     /* below the best and still named beside it */
};

struct candidate {
	char *address;
	int points;
	unsigned line;
	char *lead;   /* what is before it in its line */
	bool listed;  /* its line begins with it */
	bool headed;  /* its line is nothing but it, before a colon or what is indented further */
	bool led_in;  /* the words before it lead in a list of those who failed */
	bool refused; /* a server's reply after it */
	bool chained; /* in one list with the one before */
};

/* Ends the lead with one of the words? A word of letters must be a whole one. */
static bool ends_with(const char *lead, const char *const *words)
{
	size_t len = strlen(lead);
	for (; *words; words++) {
		size_t word = strlen(*words);
		if (len < word || strcmp(lead + len - word, *words) != 0)
			continue;
		if (len == word || (unsigned char)**words >= 0xE0 ||
		    !g_ascii_isalnum(lead[len - word - 1]))
			return true;
	}
	return false;
}

/* What is in the line before the address, lower case, without the marks between. */
static char *lead_before(const char *line, const char *at)
{
	const char *from = at - line > LEAD_BYTES ? at - LEAD_BYTES : line;
	while (from < at && ((unsigned char)*from & 0xC0) == 0x80)
		from++;
	while (at > from && strchr(" \t<>(\"'[:=`|*-.", at[-1]))
		at--;
	if (at - from >= 3 && memcmp(at - 3, "\xEF\xBC\x9A", 3) == 0) /* the wide colon */
		at -= 3;
	g_autofree char *lead = g_strndup(from, (gsize)(at - from));
	return text_lower(lead);
}

/* "Message <2026...@host>": an id, by its many digits. */
static bool is_message_id(const char *lead, const char *address)
{
	unsigned digits = 0;
	for (const char *at = address; *at != '@'; at++)
		digits += g_ascii_isdigit(*at);
	return digits >= 6 && ends_with(lead, words_message_id);
}

static bool begins_with_yes(const char *line)
{
	line += strspn(line, "CSRcsr:<>=- \t");
	return strncmp(line, "250", 3) == 0 && !g_ascii_isalnum(line[3]);
}

static bool holds_reply(const char *text, size_t len)
{
	struct slice found;
	g_autofree char *copy = g_strndup(text, len);
	return status_code_find_reply(copy, &found);
}

/* What the server said after the address: in its line, or in the next. */
static int points_of_answer(const char *behind)
{
	size_t len = strcspn(behind, "\n");
	const char *next = behind + len + (behind[len] == '\n');
	if (begins_with_yes(next))
		return POINTS_TAKEN;
	return holds_reply(behind, len) || holds_reply(next, strcspn(next, "\n")) ? POINTS_REFUSED
										  : 0;
}

/* Its points by what is before it and whose it is; never asked for a sender. */
static int weigh(const struct message *message, const struct candidate *self)
{
	int points = POINTS_PLAIN;
	if (ends_with(self->lead, words_contact))
		points += POINTS_CONTACT;
	else if (ends_with(self->lead, words_recipient))
		points += POINTS_RECIPIENT;
	else if (self->listed)
		points += POINTS_LISTED;
	if (address_is_in(message->original.header.to, self->address))
		return points;
	if (correspondents_is_role(self->address))
		points += POINTS_DAEMON;
	if (correspondents_share_host(message, self->address))
		points += POINTS_OWN;
	if (!strchr(strrchr(self->address, '@'), '.'))
		points += POINTS_NO_HOST;
	return points;
}

static bool is_separator(const char *from, const char *to)
{
	g_autofree char *between = g_strndup(from, (gsize)(to - from));
	g_strstrip(g_strdelimit(between, "<>,;\"'&()", ' '));
	return *between == '\0' || g_strv_contains(words_and, between);
}

/* A list on one line, or one to a line; or the same said of one after the other. */
static bool is_chained(const struct candidate *self, const struct candidate *before,
		       const char *between, const char *found)
{
	if (self->line == before->line)
		return is_separator(between, found);
	if (self->led_in && before->led_in)
		return true;
	if (self->listed && before->listed)
		return self->line == before->line + 1 ||
		       (self->headed && before->headed &&
			self->line <= before->line + REPEATED_LINES) ||
		       (self->refused && before->refused &&
			self->line <= before->line + REPEATED_LINES);
	return *self->lead && strcmp(self->lead, before->lead) == 0 &&
	       self->line <= before->line + REPEATED_LINES;
}

static bool is_sender(const struct message *message, const char *lead, const char *address,
		      const char *behind)
{
	if (address_is_in(message->original.header.to, address))
		return false;
	behind += strspn(behind, "> \t");
	return (ends_with(lead, words_sender) && !ends_with(lead, words_alias)) ||
	       is_message_id(lead, address) || address_is_rest(message->text, address) ||
	       g_str_has_prefix(behind, "-> ") || correspondents_include(message, address);
}

/* "<anna@host.example>:" */
static bool is_alone_before_colon(const char *behind)
{
	behind += strspn(behind, "> \t");
	if (strncmp(behind, "\xEF\xBC\x9A", 3) == 0) /* the wide colon */
		behind += 2;
	else if (*behind != ':')
		return false;
	behind++;
	return strcspn(behind, "\n") == strspn(behind, " \t");
}

/* Alone in its line, and the next one is indented further. */
static bool is_alone_before_block(const char *line, const char *behind)
{
	behind += strspn(behind, "> \t");
	if (*behind != '\n')
		return false;
	size_t indent = strspn(behind + 1, " \t");
	return indent > strspn(line, " \t") && behind[1 + indent] != '\n' &&
	       behind[1 + indent] != '\0';
}

/* Do the words of the last line before this one that is not empty lead in a list? */
static bool is_led_in(const char *text, const char *line)
{
	while (line > text && g_ascii_isspace(line[-1]))
		line--;
	const char *start = line;
	while (start > text && start[-1] != '\n' && line - start < LEAD_LINE_BYTES)
		start--;
	g_autofree char *lead = g_strndup(start, (gsize)(line - start));
	g_autofree char *lower = text_lower(lead);
	return words_any(lower, words_recipients_follow);
}

static bool is_known_candidate(const GArray *list, const char *address)
{
	for (guint i = 0; i < list->len; i++)
		if (g_ascii_strcasecmp(g_array_index(list, struct candidate, i).address, address) ==
		    0)
			return true;
	return false;
}

struct line {
	const char *text; /* that it is in */
	const char *start;
	unsigned number;
};

/* Behind the mark or the number of an item of a list: "*", "1.", "->". */
static const char *listed_from(const char *line)
{
	size_t blank = strspn(line, " \t");
	if (strncmp(line + blank, "->", 2) == 0)
		line += blank + 2;
	return line + strspn(line, " \t<*-.)#0123456789");
}

/* The addresses of one line that may be recipients. */
static void read_candidate_line(const struct message *message, const struct line *in, GArray *list)
{
	const char *line = in->start;
	const char *end = line + strcspn(line, "\n");
	const char *at = line;
	const char *start = listed_from(line);
	struct slice found;
	for (; list->len < CANDIDATES_MAX && address_find(at, (size_t)(end - at), &found);
	     at = found.data + found.len) {
		const char *between = found.data + found.len;
		g_autofree char *address = g_strndup(found.data, found.len);
		g_autofree char *lead = lead_before(line, found.data);
		if (is_known_candidate(list, address) || is_sender(message, lead, address, between))
			continue;
		struct candidate self = {.address = address,
					 .line = in->number,
					 .lead = lead,
					 .listed = found.data <= start};
		self.headed = self.listed && (is_alone_before_colon(between) ||
					      is_alone_before_block(line, between));
		self.led_in = self.listed && is_led_in(in->text, line);
		const struct candidate *last =
		    list->len ? &g_array_index(list, struct candidate, list->len - 1) : NULL;
		int answer = points_of_answer(between);
		self.points = answer + weigh(message, &self);
		self.refused = answer == POINTS_REFUSED;
		self.chained = last && is_chained(&self, last, at, found.data);
		if (self.chained)
			self.points = MAX(self.points, last->points);
		address = lead = NULL;
		g_array_append_val(list, self);
	}
}

static void clear_candidate(void *data)
{
	struct candidate *candidate = data;
	g_free(candidate->address);
	g_free(candidate->lead);
}

static GArray *collect_candidates(const struct message *message, const char *text)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct candidate));
	g_array_set_clear_func(list, clear_candidate);
	for (struct line line = {text, text, 0}; *line.start; line.number++) {
		read_candidate_line(message, &line, list);
		line.start += strcspn(line.start, "\n");
		line.start += *line.start == '\n';
	}
	return list;
}

/* The place of the first with the most points, among those the original went to if asked; -1 if
 * none. */
static int find_best(const GArray *list, const struct message *message, bool of_original)
{
	int best = -1;
	for (guint i = 0; i < list->len; i++) {
		const struct candidate *c = &g_array_index(list, struct candidate, i);
		if ((!of_original || address_is_in(message->original.header.to, c->address)) &&
		    (best < 0 || c->points > g_array_index(list, struct candidate, best).points))
			best = (int)i;
	}
	return best;
}

bool candidates_pick(const struct message *message, const char *text, enum report_action action,
		     struct finding *finding)
{
	g_autoptr(GArray) list = collect_candidates(message, text);
	int sent = find_best(list, message, true);
	int best = sent >= 0 ? sent : find_best(list, message, false);
	if (best < 0)
		return false;
	int enough = g_array_index(list, struct candidate, best).points - POINTS_CLOSE;
	bool in_list = true;
	for (guint i = (guint)best; i < list->len; i++) {
		const struct candidate *c = &g_array_index(list, struct candidate, i);
		in_list &= (int)i == best || c->chained;
		if (sent >= 0 ? c->points >= enough &&
				    address_is_in(message->original.header.to, c->address)
			      : in_list)
			finding_add_address(finding, c->address, "prose", action);
	}
	return true;
}
