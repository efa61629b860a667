/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Decides which grammar a message speaks and lets it fill the report. The
 * order matters: structure before words, words before headers that any
 * automatic mail carries.
 */
#include "classifier/report.h"

#include <string.h>

#include "classifier/address.h"
#include "classifier/delivery_status.h"
#include "classifier/header.h"
#include "classifier/html.h"
#include "classifier/mime.h"
#include "classifier/notice.h"
#include "classifier/original.h"
#include "classifier/prose.h"
#include "classifier/report_build.h"
#include "classifier/sns.h"
#include "classifier/text.h"

#define NESTED_MAX 2 /* reports in the text of reports that are followed */

static const char *const no_strings[] = {NULL};

static const struct mime_part *part_at(const struct report_build *build, int index)
{
	size_t count;
	return &mime_parts(build->mime, &count)[index];
}

static int part_count(const struct report_build *build)
{
	size_t count;
	mime_parts(build->mime, &count);
	return (int)count;
}

static bool is_within(const struct report_build *build, int index, int ancestor)
{
	while (index > ancestor)
		index = part_at(build, index)->parent;
	return index == ancestor;
}

static bool type_is_any(const struct mime_part *part, const char *const *types)
{
	for (; *types; types++)
		if (strcmp(part->type, *types) == 0)
			return true;
	return false;
}

static bool is_status(const struct mime_part *part)
{
	static const char *const types[] = {"message/delivery-status",     "message/global-delivery-status",
					    "text/delivery-status",        "message/deliverystatus",
					    "application/delivery-status", NULL};
	return type_is_any(part, types);
}

static bool is_original(const struct mime_part *part)
{
	static const char *const types[] = {"message/rfc822",
					    "message/global",
					    "message/rfc2822",
					    "message/news",
					    "text/rfc822-headers",
					    "message/rfc822-headers",
					    "message/global-headers",
					    "text/rfc822-header",
					    "text/rfc822",
					    "message/partial",
					    NULL};
	return type_is_any(part, types);
}

static bool is_text(const struct mime_part *part)
{
	return g_str_has_prefix(part->type, "text/") && !is_original(part) && !is_status(part);
}

/* --- the report's own header ---------------------------------------------- */

/* SHA-256 of what follows the first empty line, or of everything. */
static void set_digest(struct report *report, const char *bytes, size_t len)
{
	const char *lf = memmem(bytes, len, "\n\n", 2);
	const char *crlf = memmem(bytes, lf ? (size_t)(lf - bytes) : len, "\n\r\n", 3);
	const char *body = crlf ? crlf + 3 : lf ? lf + 2 : bytes;
	g_autofree char *hex =
	    g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)body, len - (size_t)(body - bytes));
	g_strlcpy(report->digest, hex, sizeof report->digest);
}

static void add_references(struct report_build *build, const char *name, GPtrArray *list)
{
	struct slice value;
	if (!header_find(part_at(build, 0)->header, name, &value))
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
			g_ptr_array_add(list, (gpointer)build_value(build, open + 1, (size_t)(close - open - 1)));
		open = close;
	}
}

static void read_own_header(struct report_build *build)
{
	struct report *report = build->report;
	struct slice header = part_at(build, 0)->header;
	struct slice value;
	original_read_header(build, header, &report->header);
	if (header_find(header, "Auto-Submitted", &value)) {
		g_autofree char *lower = g_ascii_strdown(value.data, (gssize)MIN(value.len, (size_t)200));
		report->auto_submitted = build_value(build, lower, strlen(lower));
	}
	GPtrArray *list = g_ptr_array_new();
	add_references(build, "In-Reply-To", list);
	add_references(build, "References", list);
	g_ptr_array_add(list, NULL);
	report->references = (const char *const *)g_ptr_array_free(list, FALSE);
}

/* --- parts ---------------------------------------------------------------- */

static int find_part(const struct report_build *build, int from, int within,
		     bool (*is_wanted)(const struct mime_part *))
{
	for (int i = from; i < part_count(build); i++)
		if (is_wanted(part_at(build, i)) && is_within(build, i, within))
			return i;
	return -1;
}

/* The returned original that belongs to a report part: its sibling behind it, or before it. */
static int find_original(const struct report_build *build, int report_part)
{
	int parent = part_at(build, report_part)->parent;
	int before = -1;
	for (int i = 0; i < part_count(build); i++) {
		if (part_at(build, i)->parent != parent || !is_original(part_at(build, i)))
			continue;
		if (i > report_part)
			return i;
		before = i;
	}
	return before;
}

/* An embedded message has its header in its root; headers-only and encoded ones are text. */
static void read_original_part(struct report_build *build, int index)
{
	if (index + 1 < part_count(build) && part_at(build, index + 1)->is_message &&
	    part_at(build, index + 1)->parent == index) {
		original_read(build, part_at(build, index + 1)->header);
		return;
	}
	const char *text = mime_text(build->mime, (size_t)index);
	while (*text == '\n')
		text++;
	g_autofree char *plain = original_unquote(text);
	original_read(build, header_block(plain, strlen(plain)));
}

/* --- the text ------------------------------------------------------------- */

static bool has_plain_sibling(const struct report_build *build, int index)
{
	int parent = part_at(build, index)->parent;
	for (int i = MAX(parent, 0); i < part_count(build); i++)
		if (i != index && part_at(build, i)->parent == parent &&
		    strcmp(part_at(build, i)->type, "text/plain") == 0 &&
		    strspn(mime_text(build->mime, (size_t)i), " \n\t") < strlen(mime_text(build->mime, (size_t)i)))
			return true;
	return false;
}

/* The words of the report: the text parts within one part, without the original and
 * attached files. */
static char *collect_text(struct report_build *build, int within, int original)
{
	size_t max = build->limits->text_bytes;
	GString *out = g_string_new(NULL);
	for (int i = 0; i < part_count(build); i++) {
		const struct mime_part *part = part_at(build, i);
		if (!is_text(part) || !is_within(build, i, within) || (original > 0 && is_within(build, i, original)))
			continue;
		if (out->len > 0 && strcmp(part->disposition, "attachment") == 0)
			continue;
		bool html = strcmp(part->type, "text/html") == 0;
		if (html && (out->len > 0 || has_plain_sibling(build, i)))
			continue;
		const char *text = mime_text(build->mime, (size_t)i);
		g_autofree char *plain = html ? html_to_text(text) : NULL;
		if (out->len > 0)
			g_string_append_c(out, '\n');
		g_string_append(out, plain ? plain : text);
		if (out->len > max) {
			build->report->truncated = true;
			break;
		}
	}
	char *clean = text_clean(out->str, out->len, max);
	g_string_free(out, TRUE);
	return clean;
}

/* Is it the header of a report? Then the report in hand is about a report. */
static bool header_is_report(struct slice header)
{
	struct slice value;
	if (!header_find(header, "Content-Type", &value))
		return false;
	g_autofree char *type = g_ascii_strdown(value.data, (gssize)value.len);
	return g_str_has_prefix(type, "multipart/report") && strstr(type, "delivery-status");
}

static size_t copied_length(const char *copy)
{
	const char *end = strstr(copy, "\n\n");
	return end ? (size_t)(end - copy) + 2 : strlen(copy);
}

/* Cuts a copied original off the text and reads it; a header quoted in the middle
 * of the words is read only. */
static void split_text(struct report_build *build, char *text)
{
	bool cut = false;
	for (char *copy = text; !cut && (copy = (char *)original_find_in_text(copy, &cut));) {
		g_autofree char *plain = original_unquote(copy);
		struct slice block = header_block(plain, strlen(plain));
		if (!*build->report->original.message_id && !*build->report->original.from)
			original_read(build, block);
		if (cut && header_is_report(block) && !build->nested)
			build->nested = g_strdup(plain);
		if (cut)
			*copy = '\0';
		else
			copy += copied_length(copy);
	}
}

static void read_text(struct report_build *build, int within, int original)
{
	g_autofree char *text = collect_text(build, within, original);
	split_text(build, text);
	build->report->text = *text ? g_string_chunk_insert(build->report->pool, text) : "";
}

/* --- kinds ---------------------------------------------------------------- */

static enum report_kind kind_of_actions(const struct report_build *build)
{
	enum report_kind kind = REPORT_SUCCESS;
	for (guint i = 0; i < build->recipients->len; i++) {
		switch (g_array_index(build->recipients, struct report_recipient, i).action) {
		case REPORT_ACTION_NONE:
		case REPORT_ACTION_FAILED:
			return REPORT_DSN;
		case REPORT_ACTION_DELAYED:
			kind = REPORT_DELAY;
			break;
		case REPORT_ACTION_DELIVERED:
		case REPORT_ACTION_RELAYED:
		case REPORT_ACTION_EXPANDED:
			break;
		}
	}
	return kind;
}

/* A missing Action follows from the status: 2 delivered, 4 and 5 failed. */
static void settle_actions(struct report_build *build)
{
	for (guint i = 0; i < build->recipients->len; i++) {
		struct report_recipient *r = &g_array_index(build->recipients, struct report_recipient, i);
		if (r->action == REPORT_ACTION_NONE)
			r->action = *r->status == '2' ? REPORT_ACTION_DELIVERED : REPORT_ACTION_FAILED;
	}
}

static void finish_status(struct report_build *build)
{
	settle_actions(build);
	build->report->kind = kind_of_actions(build);
	build->report->dialect = "rfc3464";
	prose_complete(build);
}

/* The delivery-status part of the embedded message index, if that is a report itself. */
static int embedded_status(const struct report_build *build, int index)
{
	int root = index + 1;
	if (index < 0 || root >= part_count(build) || !part_at(build, root)->is_message ||
	    strcmp(part_at(build, root)->type, "multipart/report") != 0)
		return -1;
	return find_part(build, root + 1, root, is_status);
}

/* A report on a report that could not be delivered (Sendmail's double bounce):
 * the innermost one speaks of our mail. A mail with a report attached does not count. */
static int innermost_status(const struct report_build *build, int status)
{
	for (int inner = status; inner >= 0; inner = embedded_status(build, find_original(build, status)))
		status = inner;
	return status;
}

static bool read_status_part(struct report_build *build)
{
	int status = find_part(build, 0, 0, is_status);
	if (status < 0)
		return false;
	status = innermost_status(build, status);
	int original = find_original(build, status);
	if (original >= 0)
		read_original_part(build, original);
	read_text(build, MAX(part_at(build, status)->parent, 0), original);
	if (delivery_status_parse(build, mime_text(build->mime, (size_t)status)) == 0)
		return false;
	finish_status(build);
	return true;
}

/* Delivery-status fields under a wrong type, or in the middle of the text. */
static bool read_status_text(struct report_build *build)
{
	struct report *report = build->report;
	const char *fields = delivery_status_find(report->text);
	if (!fields || delivery_status_parse(build, fields) == 0)
		return false;
	report->text = g_string_chunk_insert_len(report->pool, report->text, fields - report->text);
	finish_status(build);
	return true;
}

static bool is_disposition(const struct mime_part *part)
{
	static const char *const types[] = {"message/disposition-notification",
					    "message/global-disposition-notification", NULL};
	return type_is_any(part, types);
}

static bool is_feedback(const struct mime_part *part)
{
	static const char *const types[] = {"message/feedback-report", "message/feedback", NULL};
	return type_is_any(part, types);
}

static bool read_notice_part(struct report_build *build, bool (*is_wanted)(const struct mime_part *))
{
	int part = find_part(build, 0, 0, is_wanted);
	if (part < 0)
		return false;
	int original = find_original(build, part);
	if (original >= 0)
		read_original_part(build, original);
	read_text(build, 0, original);
	const char *fields = mime_text(build->mime, (size_t)part);
	if (is_wanted == is_disposition) {
		notice_read_receipt(build, fields);
		prose_rejection(build);
		return true;
	}
	return notice_complaint(build, fields);
}

/* Without report parts: the first embedded message may be the original. */
static void read_plain_parts(struct report_build *build)
{
	int original = find_part(build, 1, 0, is_original);
	if (original >= 0)
		read_original_part(build, original);
	read_text(build, 0, original);
}

static void interpret(struct report_build *build)
{
	if (read_notice_part(build, is_feedback) || read_notice_part(build, is_disposition) ||
	    read_status_part(build)) {
		g_clear_pointer(&build->nested, g_free);
		return;
	}
	if (!*build->report->text)
		read_plain_parts(build);
	if (build->nested || read_status_text(build) || sns_parse(build) || prose_parse(build))
		return;
	notice_auto_reply(build);
}

static struct report_header empty_header(void)
{
	return (struct report_header){"", "", "", "", "", (const char *const *)g_new0(char *, 1)};
}

static void forget(struct report_build *build)
{
	g_free((gpointer)build->report->original.to);
	build->report->original = empty_header();
	build->report->text = "";
	g_array_set_size(build->recipients, 0);
}

/* A report came back as the text of another (RFC 3464 knows no such thing, double
 * bounces of relays do it): then the inner one is read. */
static void interpret_nested(struct report_build *build)
{
	struct mime *outer = build->mime;
	for (int level = 0; build->nested && level < NESTED_MAX; level++) {
		g_autofree char *inner = g_steal_pointer(&build->nested);
		forget(build);
		build->mime = mime_parse(inner, strlen(inner), build->limits);
		interpret(build);
		mime_free(build->mime);
	}
	build->mime = outer;
	g_clear_pointer(&build->nested, g_free);
}

/* --- door ----------------------------------------------------------------- */

static struct report *report_new(void)
{
	struct report *report = g_new0(struct report, 1);
	report->pool = g_string_chunk_new(1024);
	report->dialect = report->auto_submitted = report->reporting_mta = report->received_from_mta = "";
	report->dsn_gateway = report->arrival_date = report->envelope_id = report->feedback_type = "";
	report->original_communication_id = report->original_queue_id = report->text = "";
	report->header = empty_header();
	report->original = empty_header();
	report->references = no_strings;
	return report;
}

struct report *report_parse(const char *bytes, size_t len, const struct limits *limits)
{
	struct report *report = report_new();
	struct report_build build = {report, limits, mime_parse(bytes, len, limits),
				     g_array_new(FALSE, FALSE, sizeof(struct report_recipient)), NULL};
	set_digest(report, bytes, len);
	read_own_header(&build);
	interpret(&build);
	interpret_nested(&build);
	report->truncated |= mime_is_truncated(build.mime);
	report->recipient_count = build.recipients->len;
	report->recipients = (const struct report_recipient *)(void *)g_array_free(build.recipients, FALSE);
	mime_free(build.mime);
	return report;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	g_free((gpointer)report->header.to);
	g_free((gpointer)report->original.to);
	if (report->references != no_strings)
		g_free((gpointer)report->references);
	g_free((gpointer)report->recipients);
	g_string_chunk_free(report->pool);
	g_free(report);
}

const char *report_kind_name(enum report_kind kind)
{
	static const char *const names[] = {
	    [REPORT_OTHER] = "other",           [REPORT_DSN] = "dsn",
	    [REPORT_PROSE] = "prose",           [REPORT_DELAY] = "delay",
	    [REPORT_SUCCESS] = "success",       [REPORT_READ_RECEIPT] = "read_receipt",
	    [REPORT_COMPLAINT] = "complaint",   [REPORT_CHALLENGE] = "challenge",
	    [REPORT_AUTO_REPLY] = "auto_reply",
	};
	return names[kind];
}

const char *report_action_name(enum report_action action)
{
	static const char *const names[] = {
	    [REPORT_ACTION_NONE] = "",           [REPORT_ACTION_FAILED] = "failed",
	    [REPORT_ACTION_DELAYED] = "delayed", [REPORT_ACTION_DELIVERED] = "delivered",
	    [REPORT_ACTION_RELAYED] = "relayed", [REPORT_ACTION_EXPANDED] = "expanded",
	};
	return names[action];
}
