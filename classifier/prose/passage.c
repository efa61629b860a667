/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Paragraphs, and the lines of a paragraph that names several recipients.
 */
#include "classifier/prose/passage.h"

#include <string.h>

#include "classifier/text/address.h"
#include "classifier/text/status_code.h"
#include "classifier/text/text.h"
#include "classifier/text/transcript.h"
#include "classifier/text/words.h"

#define PARAGRAPH_BYTES  2000 /* before and after a place in it */
#define OCCURRENCES_MAX  8    /* of an address that are looked at for the words about it */
#define ALIAS_LEAD_BYTES 32   /* of "(generated from " */

char *passage_beginning(const char *text, size_t max)
{
	g_autofree char *line = text_one_line(text, text_cut_length(text, strlen(text), max));
	return text_lower(line);
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

/* End of the paragraph that follows the one that ends here. */
static const char *paragraph_behind(const char *end)
{
	return paragraph_end(end + strspn(end, "\n"));
}

struct slice passage_paragraph(const char *text, const char *at)
{
	const char *from = paragraph_start(text, at);
	return (struct slice){from, (size_t)(paragraph_end(at) - from)};
}

static bool names_another(const struct finding *finding, const char *line, size_t len,
			  const struct report_recipient *self)
{
	struct slice found;
	for (const char *at = line; address_find(at, len - (size_t)(at - line), &found);
	     at = found.data + found.len) {
		g_autofree char *address = g_strndup(found.data, found.len);
		const struct report_recipient *other = finding_find_recipient(finding, address);
		if (other && other != self)
			return true;
	}
	return false;
}

/* The recipient's own lines of a paragraph that names several: up to those of the next. */
static struct slice own_lines(const struct finding *finding, struct slice paragraph, const char *at,
			      const struct report_recipient *self)
{
	const char *end = paragraph.data + paragraph.len;
	const char *from = at;
	while (from > paragraph.data && from[-1] != '\n')
		from--;
	const char *line = from + strcspn(from, "\n");
	while (line < end && !names_another(finding, line + 1, strcspn(line + 1, "\n"), self))
		line += 1 + strcspn(line + 1, "\n");
	return (struct slice){from, (size_t)(MIN(line, end) - from)};
}

/* The words about an address that occurs here: its paragraph, and the next one when this one says
 * no more than the address; one more behind "because:". */
static struct slice words_about(const struct message *message, const struct finding *finding,
				const char *at, const struct report_recipient *self)
{
	const char *text = message->text;
	struct slice words = passage_paragraph(text, at);
	const char *end = words.data + words.len;
	const char *next = end + strspn(end, "\n");
	bool is_short = *end && words.len < strlen(self->recipient) + 20;
	bool is_one_of_several = finding->recipients->len > 1;
	size_t more = (size_t)(paragraph_end(next) - next);
	if (is_one_of_several && (!is_short || names_another(finding, next, more, self)))
		return own_lines(finding, words, at, self);
	if (is_short)
		words.len = (size_t)(next - words.data) + more;
	if (is_short && more > 0 && next[more - 1] == ':')
		words.len = (size_t)(paragraph_behind(next + more) - words.data);
	return words;
}

static bool says_why(struct slice words)
{
	struct slice found;
	g_autofree char *copy = g_strndup(words.data, words.len);
	g_autofree char *lower = text_lower(copy);
	return status_code_find_reply(copy, &found) || status_code_find(copy, &found) ||
	       words_any(lower, words_failure) || words_any(lower, words_refusal);
}

void passage_set_diagnostic(const struct message *message, struct finding *finding,
			    struct report_recipient *recipient)
{
	const char *text = message->text;
	const char *address = recipient->recipient;
	if (*recipient->original_recipient && !address_locate(text, address))
		address = recipient->original_recipient;
	const char *at = address_locate(text, address);
	if (!at && finding->recipients->len > 1)
		return; /* the words may be about another one */
	struct slice words = {text, strlen(text)};
	if (at)
		words = words_about(message, finding, at, recipient);
	for (int i = 0; at && i < OCCURRENCES_MAX; i++, at = address_locate(at + 1, address)) {
		struct slice other = words_about(message, finding, at, recipient);
		if (says_why(other)) {
			words = other;
			break;
		}
	}
	finding_set_diagnostic(finding, recipient, words);
}

void passage_read_transcript(const struct message *message, struct finding *finding)
{
	for (guint i = 0; i < finding->recipients->len; i++) {
		struct report_recipient *r = finding_recipient(finding, i);
		g_autofree char *refusal = transcript_find_refusal(message->text, r->recipient);
		bool is_shown = refusal && strstr(r->diagnostic, "<-");
		if (refusal && r->action == REPORT_ACTION_FAILED && (is_shown || !*r->reply_code))
			finding_set_diagnostic(finding, r,
					       (struct slice){refusal, strlen(refusal)});
	}
}

/* The reply to show: the first, or one with words behind it, where that is a code alone. */
static bool find_told_reply(const char *text, struct slice *found)
{
	if (!status_code_find_reply(text, found))
		return false;
	struct slice reply = *found;
	do {
		const char *behind = reply.data + reply.len;
		if (strcspn(behind, "\n") > strspn(behind, " .-0123456789")) {
			*found = reply;
			return true;
		}
	} while (status_code_find_reply(reply.data + reply.len, &reply));
	return true;
}

/* When one recipient is named, a code anywhere in the text belongs to it. */
void passage_find_codes(const struct message *message, struct finding *finding)
{
	if (finding->recipients->len != 1)
		return;
	struct report_recipient *r = finding_recipient(finding, 0);
	struct slice found;
	if (*r->status || *r->reply_code || r->action != REPORT_ACTION_FAILED)
		return;
	if (!find_told_reply(message->text, &found) && !status_code_find(message->text, &found))
		return;
	struct slice around = passage_paragraph(message->text, found.data);
	const char *line = value_pool_line(finding->pool, around.data, around.len);
	bool known = strstr(line, r->diagnostic);
	g_autofree char *words =
	    g_strdup_printf("%s\n%.*s", known ? "" : r->diagnostic, (int)around.len, around.data);
	finding_set_diagnostic(finding, r, (struct slice){words, strlen(words)});
}

/* The address behind "(generated from" or "Original address:" at the beginning of the words. */
static bool find_alias(const char *words, struct slice *found)
{
	bool is_in_brackets = *words == '(';
	const char *end = is_in_brackets ? strchr(words, ')') : words + strcspn(words, "\n");
	words += is_in_brackets;
	if (!end || !address_find(words, (size_t)(end - words), found))
		return false;
	g_autofree char *lead = g_ascii_strdown(words, found->data - words);
	return words_begin(lead, words_alias) && strlen(lead) < ALIAS_LEAD_BYTES;
}

static void take_alias(struct value_pool *pool, struct report_recipient *recipient,
		       const char *words)
{
	struct slice found;
	if (find_alias(words, &found))
		recipient->original_recipient = value_pool_line(pool, found.data, found.len);
}

void passage_find_aliases(struct finding *finding)
{
	for (guint i = 0; i < finding->recipients->len; i++) {
		struct report_recipient *r = finding_recipient(finding, i);
		if (!*r->original_recipient)
			take_alias(finding->pool, r, r->diagnostic);
	}
}

void passage_find_alias_beside(const struct message *message, struct report_recipient *recipient)
{
	if (*recipient->original_recipient)
		return;
	const char *at = address_locate(message->text, recipient->recipient);
	if (!at)
		return;
	const char *behind = at + strlen(recipient->recipient);
	behind += strspn(behind, "> \t\n");
	if (*behind == '(')
		take_alias(message->pool, recipient, behind);
}
