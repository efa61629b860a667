/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Recipients in an array, their strings in the pool of the message.
 */
#include "classifier/report/finding.h"

#include <string.h>

#include "classifier/text/smtp_host.h"
#include "classifier/text/status_code.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

enum { LABEL_BYTES = 60 /* of a line, in which what it tells stands */ };

struct finding *finding_new(const struct message *message)
{
	struct finding *finding = g_new(struct finding, 1);
	*finding = (struct finding){
	    .pool = message->pool,
	    .kind = REPORT_OTHER,
	    .dialect = "",
	    .text = message->text,
	    .original = message->original,
	    .recipients = g_array_new(FALSE, FALSE, sizeof(struct report_recipient)),
	    .facts = report_facts_empty,
	};
	return finding;
}

void finding_free(struct finding *finding)
{
	if (!finding)
		return;
	g_array_unref(finding->recipients);
	g_free(finding);
}

struct report_recipient *finding_recipient(const struct finding *finding, guint index)
{
	return &g_array_index(finding->recipients, struct report_recipient, index);
}

struct report_recipient *finding_add_recipient(struct finding *finding, const char *source)
{
	if (finding->recipients->len >= finding->pool->limits->recipient_count) {
		finding->pool->is_truncated = true;
		return NULL;
	}
	struct report_recipient recipient = report_recipient_empty;
	recipient.source = source;
	g_array_append_val(finding->recipients, recipient);
	return finding_recipient(finding, finding->recipients->len - 1);
}

struct report_recipient *finding_find_recipient(const struct finding *finding, const char *address)
{
	for (guint i = 0; i < finding->recipients->len; i++) {
		struct report_recipient *r = finding_recipient(finding, i);
		if (g_ascii_strcasecmp(r->recipient, address) == 0 ||
		    (*r->original_recipient &&
		     g_ascii_strcasecmp(r->original_recipient, address) == 0))
			return r;
	}
	return NULL;
}

static void complete_recipient_from(struct value_pool *pool, struct report_recipient *recipient,
				    const char *text)
{
	struct slice found;
	if (!*recipient->status && status_code_find(text, &found))
		recipient->status = value_pool_line(pool, found.data, found.len);
	if (!*recipient->reply_code && status_code_find_reply(text, &found))
		recipient->reply_code = value_pool_line(pool, found.data, found.len);
	if (!*recipient->remote_mta && smtp_host_find(text, &found))
		recipient->remote_mta = value_pool_line(pool, found.data, found.len);
}

void finding_complete_recipient(struct finding *finding, struct report_recipient *recipient)
{
	complete_recipient_from(finding->pool, recipient, recipient->diagnostic);
}

static bool is_original_subject(const char *line, size_t len)
{
	g_autofree char *start = text_one_line(line, text_cut_length(line, len, LABEL_BYTES));
	g_autofree char *lower = text_lower(start);
	return words_begin(lower, words_original_subject);
}

/* The words without the lines that tell the original's subject: that one wrote of an invoice, or
 * of an error 550, says nothing about the recipient. All of them if there are no others. */
static GString *drop_original_subject(struct slice text)
{
	GString *kept = g_string_new(NULL);
	const char *end = text.data + text.len;
	for (const char *line = text.data, *next; line < end; line = next) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		next = stop ? stop + 1 : end;
		if (!is_original_subject(line, (size_t)(next - line)))
			g_string_append_len(kept, line, next - line);
	}
	if (kept->str[strspn(kept->str, " \t\n")] == '\0')
		g_string_append_len(g_string_truncate(kept, 0), text.data, (gssize)text.len);
	return kept;
}

void finding_set_diagnostic(struct finding *finding, struct report_recipient *recipient,
			    struct slice text)
{
	size_t max = 4 * finding->pool->limits->field_bytes;
	struct slice bounded = {text.data, MIN(text.len, max)};
	g_autoptr(GString) words = drop_original_subject(bounded);
	g_autofree char *raw =
	    g_strndup(words->str, MIN(words->len, finding->pool->limits->field_bytes));
	recipient->diagnostic = value_pool_diagnostic(finding->pool, words->str, words->len);
	complete_recipient_from(finding->pool, recipient, raw);
}

struct report_recipient *finding_add_address(struct finding *finding, const char *address,
					     const char *source, enum report_action action)
{
	struct report_recipient *r = finding_find_recipient(finding, address);
	if (r || !*address)
		return r;
	r = finding_add_recipient(finding, source);
	if (!r)
		return NULL;
	r->recipient = value_pool_line(finding->pool, address, strlen(address));
	r->action = action;
	return r;
}

void finding_fail_expired(struct finding *finding)
{
	for (guint i = 0; i < finding->recipients->len; i++) {
		struct report_recipient *r = finding_recipient(finding, i);
		if (r->action == REPORT_ACTION_DELAYED &&
		    strcasestr(r->diagnostic, "envelope expired"))
			r->action = REPORT_ACTION_FAILED;
	}
}
