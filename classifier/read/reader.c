/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Decides which grammar a message speaks and lets it fill the report. The
 * order matters: structure before words, words before headers that any
 * automatic mail carries.
 */
#include "classifier/read/reader.h"

#include <string.h>

#include <openssl/evp.h>

#include "classifier/mime/mime.h"
#include "classifier/prose/author.h"
#include "classifier/prose/automatic_mail.h"
#include "classifier/prose/dialect_reader.h"
#include "classifier/prose/generic_failure.h"
#include "classifier/prose/list_notice.h"
#include "classifier/prose/plain_notice.h"
#include "classifier/read/settle.h"
#include "classifier/report/correspondents.h"
#include "classifier/report/delivery_status.h"
#include "classifier/report/disposition.h"
#include "classifier/report/feedback.h"
#include "classifier/report/original.h"
#include "classifier/report/report_builder.h"
#include "classifier/report/report_parts.h"
#include "classifier/report/sns.h"
#include "classifier/text/header.h"

#define NESTED_MAX        2     /* reports inside reports that are followed */
#define STATUS_FILE_BYTES 65536 /* of an attached file that may hold a delivery status */

/* --- the report's own header ---------------------------------------------- */

/* What follows the first empty line, LF or CR LF; all if there is none. No more than the
 * bound is looked at: a report has the same digest whether it came whole or cut. */
static const char *body_start(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	for (const char *at = bytes; (at = memchr(at, '\n', (size_t)(end - at)));) {
		at++;
		if (at < end && *at == '\n')
			return at + 1;
		if (end - at > 1 && at[0] == '\r' && at[1] == '\n')
			return at + 2;
	}
	return bytes;
}

static void set_digest(struct report *report, const char *bytes, size_t len)
{
	const char *body = body_start(bytes, len);
	size_t body_len = len - (size_t)(body - bytes);
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned sum_len = 0;
	/* GLib's own is a sixth of all the time that a report takes; it serves where OpenSSL will
	 * not */
	if (EVP_Digest(body, body_len, sum, &sum_len, EVP_sha256(), NULL) != 1) {
		g_autofree char *hex =
		    g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)body, body_len);
		g_strlcpy(report->digest, hex, sizeof report->digest);
		return;
	}
	for (size_t i = 0; i < sum_len && 2 * i + 2 < sizeof report->digest; i++) {
		report->digest[2 * i] = "0123456789abcdef"[sum[i] >> 4];
		report->digest[2 * i + 1] = "0123456789abcdef"[sum[i] & 15];
	}
}

static void add_references(struct report_build *build, const char *name, GPtrArray *list)
{
	struct slice value;
	if (!header_find(parts_at(build, 0)->header, name, &value))
		return;
	const char *end = value.data + MIN(value.len, build->limits->header_bytes);
	for (const char *open = value.data; (open = memchr(open, '<', (size_t)(end - open)));) {
		const char *close = memchr(open, '>', (size_t)(end - open));
		if (!close)
			return;
		if (list->len >= build->limits->reference_count) {
			build->report->truncated = true;
			return;
		}
		if (close > open + 1)
			g_ptr_array_add(list, (gpointer)report_builder_value(
						  build, open + 1, (size_t)(close - open - 1)));
		open = close;
	}
}

static void read_own_header(struct report_build *build)
{
	struct report *report = build->report;
	struct slice header = parts_at(build, 0)->header;
	struct slice value;
	original_read_header(build, header, &report->header);
	if (header_find(header, "Auto-Submitted", &value)) {
		g_autofree char *lower =
		    g_ascii_strdown(value.data, (gssize)MIN(value.len, (size_t)200));
		report->auto_submitted = report_builder_value(build, lower, strlen(lower));
	}
	GPtrArray *list = g_ptr_array_new();
	add_references(build, "In-Reply-To", list);
	add_references(build, "References", list);
	g_ptr_array_add(list, NULL);
	report->references = (const char *const *)g_ptr_array_free(list, FALSE);
}

/* Reports that people send to a list or with an answer are what they talk about. */
static bool is_discussion(struct report_build *build)
{
	return author_kind(build) == AUTHOR_PERSON &&
	       (author_is_list(build) || build->report->references[0]);
}

/* --- grammars ------------------------------------------------------------- */

static bool read_status_part(struct report_build *build)
{
	int status = parts_find(build, part_is_status);
	if (status < 0 || is_discussion(build))
		return false;
	int original = parts_find_original(build, status);
	if (original >= 0)
		parts_read_original(build, original);
	parts_read_text(build, MAX(parts_at(build, status)->parent, 0), original);
	/* one part for each recipient, with some systems */
	size_t count, added = 0;
	const struct mime_part *parts = mime_parts(build->mime, &count);
	for (size_t i = (size_t)status; i < count && !(added > 0 && part_is_original(&parts[i]));
	     i++)
		if (part_is_status(&parts[i]))
			added += delivery_status_parse(build, mime_text(build->mime, i));
	if (added == 0)
		return false;
	settle_recipients(build);
	return true;
}

/* Delivery-status fields under a wrong type, or in the middle of the text; people paste
 * them into questions, so not from everybody. */
static bool read_status_text(struct report_build *build)
{
	struct report *report = build->report;
	const char *fields =
	    author_may_be_machine(build) ? delivery_status_find(report->text) : NULL;
	if (!fields || (!author_is_machine(build) && author_is_personal(report->text, fields)) ||
	    delivery_status_parse(build, fields) == 0)
		return false;
	report->text = g_string_chunk_insert_len(report->pool, report->text, fields - report->text);
	settle_recipients(build);
	return true;
}

/* Small, and of a type that says nothing or something wrong. */
static bool may_hold_status(const struct mime_part *part)
{
	return part->body.len <= STATUS_FILE_BYTES &&
	       (g_str_has_prefix(part->type, "text/") || g_str_has_prefix(part->type, "message/") ||
		strcmp(part->type, "application/octet-stream") == 0);
}

/* The same in a file that a mail system attached ("details.txt"); as a message it has
 * nothing else. */
static bool read_status_file(struct report_build *build)
{
	size_t count;
	const struct mime_part *parts = mime_parts(build->mime, &count);
	if (!author_is_machine(build))
		return false;
	for (size_t i = 1; i < count; i++) {
		if (!may_hold_status(&parts[i]))
			continue;
		const char *text = mime_text(build->mime, i);
		const char *fields = delivery_status_find(text);
		if (part_is_original(&parts[i]) && fields != text + strspn(text, "\n"))
			continue;
		if (fields && delivery_status_parse(build, fields) > 0) {
			settle_recipients(build);
			return true;
		}
	}
	return false;
}

static bool read_notice_part(struct report_build *build,
			     bool (*is_wanted)(const struct mime_part *))
{
	int part = parts_find(build, is_wanted);
	if (part < 0)
		return false;
	int original = parts_find_original(build, part);
	if (original >= 0)
		parts_read_original(build, original);
	parts_read_text(build, 0, original);
	const char *fields = mime_text(build->mime, (size_t)part);
	if (is_wanted == part_is_disposition && !strcasestr(fields, "Disposition:") &&
	    strcasestr(fields, "Action:"))
		return delivery_status_parse(build, fields) > 0 && (settle_recipients(build), true);
	if (is_wanted == part_is_disposition) {
		disposition_parse(build, fields);
		plain_notice_rejection(build);
		return true;
	}
	return feedback_parse(build, fields);
}

static void drop_nested(struct report_build *build)
{
	if (build->nested)
		g_string_free(g_steal_pointer(&build->nested), TRUE);
}

/* Without report parts: the first embedded message may be the original. */
static void read_plain_parts(struct report_build *build)
{
	int original = parts_find(build, part_is_original);
	if (original > 0)
		parts_read_original(build, original);
	parts_read_text(build, 0, original);
	if (is_discussion(build))
		drop_nested(build);
	else if (original == 0 || !author_is_machine(build))
		parts_find_forwarded(build);
}

/* Nobody was named in what stands before the original and outside of files: then all of the
 * text, if a system's set phrases are in it. */
static void read_whole_text(struct report_build *build)
{
	struct report *report = build->report;
	const char *text = report->text;
	enum report_kind kind = report->kind;
	const char *dialect = report->dialect;
	if (build->recipients->len > 0 || !author_is_machine(build) ||
	    (kind != REPORT_PROSE && kind != REPORT_OTHER))
		return;
	parts_read_whole_text(build);
	if (read_status_text(build) || dialect_reader_parse(build))
		return;
	report->kind = kind;
	report->dialect = dialect;
	report->text = text;
	if (kind != REPORT_PROSE || report->original.to[0])
		return;
	parts_read_attached_original(build);
	if (report->original.to[0])
		generic_failure_parse(build);
}

static bool interpret(struct report_build *build, int level);

/* The report in hand says of somebody elsewhere that a report did not reach him. */
static bool is_about_stranger(const struct report_build *build)
{
	for (guint i = 0; i < build->recipients->len; i++)
		if (correspondents_share_host(
			build->report,
			g_array_index(build->recipients, struct report_recipient, i).recipient))
			return false;
	return build->recipients->len > 0 && build->report->header.to[0];
}

/* A report about a report that could not be delivered (Sendmail's double bounce), or one
 * that somebody forwarded: the inner one speaks of our mail. If it cannot be read, or if
 * nothing shows that its original was ours and the outer one has news of its own, all is as before.
 */
static bool interpret_nested(struct report_build *build, int level)
{
	struct report *report = build->report;
	struct report saved = *report;
	bool must_be_ours = is_about_stranger(build);
	g_autoptr(GString) inner = g_steal_pointer(&build->nested);
	struct report_build nested = {report,
				      build->limits,
				      mime_parse(inner->str, inner->len, build->limits),
				      g_array_new(FALSE, FALSE, sizeof(struct report_recipient)),
				      AUTHOR_UNKNOWN,
				      NULL};
	report->original = report_header_empty;
	report->text = report->envelope_id = report->original_queue_id =
	    report->original_communication_id = "";
	report->reporting_mta = report->received_from_mta = report->dsn_gateway =
	    report->arrival_date = "";
	bool read = interpret(&nested, level) && nested.recipients->len > 0 &&
		    (!must_be_ours || *report->original_communication_id);
	if (read) {
		report_free_list(saved.original.to);
		g_array_free(build->recipients, TRUE);
		build->recipients = nested.recipients;
	} else {
		report_free_list(report->original.to);
		*report = saved;
		g_array_free(nested.recipients, TRUE);
	}
	mime_free(nested.mime);
	return read;
}

/* True if the message is a report of some kind. */
static bool interpret(struct report_build *build, int level)
{
	if (read_notice_part(build, part_is_feedback) ||
	    read_notice_part(build, part_is_disposition)) {
		drop_nested(build);
		return true;
	}
	bool read = read_status_part(build);
	if (!read && !*build->report->text)
		read_plain_parts(build);
	if (build->nested && level < NESTED_MAX && interpret_nested(build, level + 1))
		return true;
	drop_nested(build);
	if (read || read_status_text(build) || read_status_file(build) || sns_parse(build) ||
	    plain_notice_complaint(build) || dialect_reader_parse(build) ||
	    list_notice_parse(build) || plain_notice_receipt(build))
		return true;
	/* an automatic reply may come with the null sender, and say of a mailbox what a failure
	 * says */
	if (author_claims_daemon(build))
		read = generic_failure_parse(build) || automatic_mail_parse(build);
	else
		read = automatic_mail_parse(build) || generic_failure_parse(build);
	read_whole_text(build);
	return read || build->recipients->len > 0;
}

/* --- door ----------------------------------------------------------------- */

struct report *reader_parse(const char *bytes, size_t len, const struct limits *limits)
{
	struct report *report = report_new();

	if (len == 0)
		bytes = ""; /* it may be NULL, which memchr and its like must not see */
	struct report_build build = {report,
				     limits,
				     mime_parse(bytes, len, limits),
				     g_array_new(FALSE, FALSE, sizeof(struct report_recipient)),
				     AUTHOR_UNKNOWN,
				     NULL};
	set_digest(report, bytes, MIN(len, limits->message_bytes));
	read_own_header(&build);
	interpret(&build, 0);
	report->truncated |= mime_is_truncated(build.mime);
	report->recipient_count = build.recipients->len;
	report->recipients =
	    (const struct report_recipient *)(void *)g_array_free(build.recipients, FALSE);
	mime_free(build.mime);
	return report;
}
