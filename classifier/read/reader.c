/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Decides which grammar reads a message. The order matters: structure before words, words
 * before headers that any automatic mail carries. A grammar returns what it found or NULL;
 * only this file puts findings together.
 */
#include "classifier/read/reader.h"

#include <string.h>

#include "classifier/prose/author.h"
#include "classifier/prose/automatic_mail.h"
#include "classifier/prose/dialect_reader.h"
#include "classifier/prose/generic_failure.h"
#include "classifier/prose/list_notice.h"
#include "classifier/prose/original_line.h"
#include "classifier/prose/plain_notice.h"
#include "classifier/read/digest.h"
#include "classifier/read/status_grammar.h"
#include "classifier/report/abridgement.h"
#include "classifier/report/content.h"
#include "classifier/report/correspondents.h"
#include "classifier/report/disposition.h"
#include "classifier/report/feedback.h"
#include "classifier/report/parts.h"
#include "classifier/report/sns.h"
#include "classifier/text/header.h"
#include "classifier/text/text.h"

enum {
	AUTO_FIELD_BYTES = 200 /* of Auto-Submitted */
};

/* The reading of one message. */
struct reading {
	struct message message;
	struct content content;
	struct finding *found; /* so far, by all grammars */
	bool is_by_own_part;   /* by the delivery status of the message itself */
};

static void begin_reading(struct reading *reading)
{
	struct message *message = &reading->message;
	g_autofree char *from = mime_header(message->mime, 0, "From");
	g_autofree char *lower = text_lower(from);
	message->from = value_pool_text(message->pool, lower, strlen(lower));
	message->author = author_find(message);
	content_init(&reading->content, message->pool, message->mime);
	message->text = reading->content.text;
	message->original = reading->content.original;
	reading->found = finding_new(message);
}

static void end_reading(struct reading *reading)
{
	content_drop_nested(&reading->content);
	finding_free(reading->found);
}

/* --- putting findings together ---------------------------------------------- */

static void take_content(struct reading *reading)
{
	reading->message.text = reading->found->text = reading->content.text;
	reading->message.original = reading->found->original = reading->content.original;
}

static void keep(const char **into, const char *before)
{
	if (!**into)
		*into = before;
}

static void keep_facts(struct report_facts *facts, const struct report_facts *before)
{
	keep(&facts->reporting_mta, before->reporting_mta);
	keep(&facts->received_from_mta, before->received_from_mta);
	keep(&facts->dsn_gateway, before->dsn_gateway);
	keep(&facts->arrival_date, before->arrival_date);
	keep(&facts->envelope_id, before->envelope_id);
	keep(&facts->feedback_type, before->feedback_type);
	keep(&facts->return_date, before->return_date);
	keep(&facts->new_address, before->new_address);
	keep(&facts->change_words, before->change_words);
	facts->has_left |= before->has_left;
}

/* Takes what a grammar found. True if it recognised the message; otherwise it found at most
 * single fields, and the next grammar is asked. */
static bool take_found(struct reading *reading, struct finding *finding)
{
	struct finding *before = reading->found;
	if (!finding)
		return false;
	bool is_recognised = *finding->dialect != '\0';
	if (!is_recognised) {
		finding->kind = before->kind;
		finding->dialect = before->dialect;
		finding->text = before->text;
	}
	keep_facts(&finding->facts, &before->facts);
	finding_free(before);
	reading->found = finding;
	reading->message.text = finding->text;
	reading->message.original = reading->content.original = finding->original;
	return is_recognised;
}

/* --- by structure ------------------------------------------------------------ */

/* Reports that people send to a list, or with an answer, are what they talk about. */
static bool is_discussion(const struct message *message)
{
	return message->author == AUTHOR_PERSON &&
	       (author_is_list(message) || message->references[0]);
}

/* Reads the content of a report: the words within a part, and the original beside the part
 * that has the fields. */
static void read_content_parts(struct reading *reading, int fields_part, int within)
{
	int original = parts_find_original(reading->message.mime, fields_part);
	if (original >= 0)
		content_read_original(&reading->content, original);
	content_read_text(&reading->content, within, original);
	take_content(reading);
}

static bool read_feedback_part(struct reading *reading)
{
	struct mime *mime = reading->message.mime;
	int part = parts_find(mime, parts_is_feedback);
	if (part < 0)
		return false;
	read_content_parts(reading, part, 0);
	return take_found(reading, feedback_read(&reading->message, mime_text(mime, (size_t)part)));
}

static bool read_disposition_part(struct reading *reading)
{
	struct mime *mime = reading->message.mime;
	int part = parts_find(mime, parts_is_disposition);
	if (part < 0)
		return false;
	read_content_parts(reading, part, 0);
	const char *fields = mime_text(mime, (size_t)part);
	if (!strcasestr(fields, "Disposition:") && strcasestr(fields, "Action:"))
		return take_found(reading, status_grammar_read_fields(&reading->message, fields));
	struct finding *receipt = disposition_read(&reading->message, fields);
	plain_notice_apply_rejection(&reading->message, receipt);
	return take_found(reading, receipt);
}

static bool read_status_parts(struct reading *reading)
{
	struct mime *mime = reading->message.mime;
	int part = parts_find(mime, parts_is_status);
	if (part < 0 || is_discussion(&reading->message))
		return false;
	read_content_parts(reading, part, MAX(parts_at(mime, part)->parent, 0));
	bool is_read = take_found(reading, status_grammar_read_parts(&reading->message, part));
	reading->is_by_own_part = is_read && parts_at(mime, part)->parent == 0;
	automatic_mail_apply_challenge(&reading->message, reading->found);
	return is_read;
}

/* Without report parts: the first embedded message may be the original. */
static void read_plain_content(struct reading *reading)
{
	struct content *content = &reading->content;
	int original = parts_find(reading->message.mime, parts_is_original);
	if (original > 0)
		content_read_original(content, original);
	content_read_text(content, 0, original);
	take_content(reading);
	if (is_discussion(&reading->message))
		content_drop_nested(content);
	else if (original == 0 || reading->message.author != AUTHOR_MACHINE)
		content_find_forwarded(content);
}

/* --- by words ---------------------------------------------------------------- */

/* Returns what it found, or NULL. */
typedef struct finding *grammar(const struct message *message);

/* In the order in which they are asked. */
static grammar *const grammars[] = {
    status_grammar_read_text, status_grammar_read_file, sns_parse,         plain_notice_complaint,
    automatic_mail_challenge, dialect_reader_parse,     list_notice_parse, plain_notice_receipt,
};

/* An automatic reply may come with the null sender, and say of a mailbox what a failure says:
 * so the last two are asked in the order that fits the author. */
static grammar *const grammars_of_daemon[] = {generic_failure_parse, automatic_mail_parse};
static grammar *const grammars_of_others[] = {automatic_mail_parse, generic_failure_parse};

static bool ask_grammars(struct reading *reading, grammar *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (take_found(reading, list[i](&reading->message)))
			return true;
	return false;
}

/* Nobody was named in the text before the original and outside of files: then all of the
 * text, if a system's set phrases are in it. */
static void read_whole_text(struct reading *reading)
{
	struct message whole = reading->message;
	enum report_kind kind = reading->found->kind;
	if (reading->found->recipients->len > 0 || whole.author != AUTHOR_MACHINE ||
	    (kind != REPORT_PROSE && kind != REPORT_OTHER))
		return;
	whole.text = content_whole_text(&reading->content);
	if (take_found(reading, status_grammar_read_text(&whole)))
		return;
	whole.original = reading->message.original;
	if (take_found(reading, dialect_reader_parse(&whole)) || kind != REPORT_PROSE ||
	    whole.original.header.to[0])
		return;
	content_read_attached_original(&reading->content);
	take_content(reading);
	if (reading->message.original.header.to[0])
		take_found(reading, generic_failure_parse(&reading->message));
}

/* --- a report inside the message --------------------------------------------- */

static void read_message_parts(struct reading *reading, size_t level);

/* The report says that another report did not reach somebody elsewhere. */
static bool is_about_stranger(const struct reading *reading)
{
	const struct finding *found = reading->found;
	for (guint i = 0; i < found->recipients->len; i++)
		if (correspondents_share_host(&reading->message,
					      finding_recipient(found, i)->recipient))
			return false;
	return found->recipients->len > 0 && reading->message.header->to[0];
}

/* A report about a report that could not be delivered (Sendmail's double bounce), or one that
 * somebody forwarded: the inner one is about our mail. True if it names a recipient, and if
 * either its original was ours or the outer report has no news of its own. */
static bool read_nested(struct reading *reading, size_t level)
{
	struct value_pool *pool = reading->message.pool;
	bool was_truncated = pool->is_truncated;
	const GString *bytes = reading->content.nested;
	g_autoptr(mime_t) mime = mime_parse(bytes->str, bytes->len, pool->limits);
	struct reading inner = {.message = reading->message};
	inner.message.mime = mime;
	begin_reading(&inner);
	read_message_parts(&inner, level);
	bool is_read = inner.found->recipients->len > 0 &&
		       (!is_about_stranger(reading) || *inner.found->original.communication_id);
	if (is_read) {
		finding_free(reading->found);
		reading->found = g_steal_pointer(&inner.found);
		reading->is_by_own_part = false;
	} else {
		pool->is_truncated = was_truncated;
	}
	end_reading(&inner);
	return is_read;
}

static void read_message_parts(struct reading *reading, size_t level)
{
	if (read_feedback_part(reading) || read_disposition_part(reading))
		return;
	bool is_read = read_status_parts(reading);
	if (!is_read && !*reading->message.text)
		read_plain_content(reading);
	if (reading->content.nested && level < reading->message.pool->limits->nested_reports &&
	    read_nested(reading, level + 1))
		return;
	if (is_read)
		return;
	reading->message.text = reading->found->text = original_line_hide(&reading->message);
	if (ask_grammars(reading, grammars, G_N_ELEMENTS(grammars)))
		return;
	if (author_claims_daemon(&reading->message))
		ask_grammars(reading, grammars_of_daemon, G_N_ELEMENTS(grammars_of_daemon));
	else
		ask_grammars(reading, grammars_of_others, G_N_ELEMENTS(grammars_of_others));
	read_whole_text(reading);
}

/* --- the report --------------------------------------------------------------- */

static void add_references(struct value_pool *pool, struct slice value, GPtrArray *list)
{
	const char *end = value.data + MIN(value.len, pool->limits->header_bytes);
	for (const char *open = value.data; (open = memchr(open, '<', (size_t)(end - open)));) {
		const char *close = memchr(open, '>', (size_t)(end - open));
		if (!close)
			return;
		if (list->len >= pool->limits->reference_count) {
			pool->is_truncated = true;
			return;
		}
		size_t len = (size_t)(close - open - 1);
		if (len > 0)
			g_ptr_array_add(list, (gpointer)value_pool_line(pool, open + 1, len));
		open = close;
	}
}

static void read_report_header(struct report *report, struct slice header)
{
	GPtrArray *references = g_ptr_array_new();
	struct slice value;
	original_read_header(report->pool, header, &report->header);
	if (header_find(header, "Auto-Submitted", &value)) {
		g_autofree char *lower =
		    g_ascii_strdown(value.data, (gssize)MIN(value.len, (size_t)AUTO_FIELD_BYTES));
		report->auto_submitted = value_pool_string(report->pool, lower);
	}
	if (header_find(header, "In-Reply-To", &value))
		add_references(report->pool, value, references);
	if (header_find(header, "References", &value))
		add_references(report->pool, value, references);
	report->references = value_pool_list(report->pool, references);
}

static bool are_literal(const struct finding *found)
{
	for (guint i = 0; i < found->recipients->len; i++)
		if (!finding_recipient(found, i)->is_literal)
			return false;
	return true;
}

static void take_finding(struct report *report, struct finding *found)
{
	report->kind = found->kind;
	report->dialect = found->dialect;
	report->text = found->text;
	report->facts = found->facts;
	report->original = found->original.header;
	report->original_communication_id = found->original.communication_id;
	report->original_queue_id = found->original.queue_id;
	report->recipients = g_array_steal(found->recipients, &report->recipient_count);
	g_ptr_array_add(report->pool->arrays, (gpointer)report->recipients);
}

/* All of the message that is worth reading. */
static struct report *parse_report(struct slice message, const struct limits *limits)
{
	struct report *report = g_new(struct report, 1);
	*report = report_empty;
	report->pool = value_pool_new(limits);
	digest_of_body(message.data, message.len, report->digest);

	g_autoptr(mime_t) mime = mime_parse(message.data, message.len, limits);
	struct reading reading = {.message = {.pool = report->pool, .mime = mime}};
	read_report_header(report, message_header(&reading.message));
	reading.message.header = &report->header;
	reading.message.auto_submitted = report->auto_submitted;
	reading.message.references = report->references;
	begin_reading(&reading);
	read_message_parts(&reading, 0);
	report->is_literal = reading.is_by_own_part && are_literal(reading.found);
	take_finding(report, reading.found);
	report->truncated = report->pool->is_truncated || mime_is_truncated(mime);
	end_reading(&reading);
	return report;
}

struct report *reader_parse(const char *bytes, size_t len, const struct limits *limits)
{
	/* they may be NULL, which memchr and its like must not see */
	struct slice message = {len == 0 ? "" : bytes, MIN(len, limits->message_bytes)};
	GString *abridged = abridgement_make(message.data, message.len);
	if (abridged)
		message = (struct slice){abridged->str, abridged->len};

	struct report *report = parse_report(message, limits);
	report->truncated |= len > limits->message_bytes;
	if (abridged)
		g_string_free(abridged, TRUE);
	return report;
}
