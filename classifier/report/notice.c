/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 8098 section 3.2.4: final-recipient-field = "Final-Recipient" ":" type ";" address
 * RFC 5965 section 3:     Feedback-Type, Original-Rcpt-To, Removal-Recipient ...
 * RFC 3834 section 5:     auto-submitted-field = "Auto-Submitted:" ( "no" / "auto-generated" /
 * "auto-replied" ... )
 */
#include "classifier/report/notice.h"

#include <string.h>

#include "classifier/prose/prose_words.h"
#include "classifier/report/notice_words.h"
#include "classifier/report/return_date.h"
#include "classifier/text/address.h"
#include "classifier/text/header.h"
#include "classifier/text/text.h"

#define TEXT_BYTES  2000 /* of the text that a notice must show itself in */
#define START_BYTES 300  /* of the text that begins with the absence */

static const char *field_address(struct report_build *build, struct slice block, const char *name)
{
	struct slice value;
	if (!header_find(block, name, &value))
		return "";
	const char *semicolon = memchr(value.data, ';', value.len);
	if (semicolon)
		value =
		    (struct slice){semicolon + 1, value.len - (size_t)(semicolon + 1 - value.data)};
	struct slice bare = address_bare(value.data, value.len);
	return build_value(build, bare.data, bare.len);
}

static void add_recipient(struct report_build *build, const char *address, const char *original,
			  const char *source)
{
	struct report_recipient *r = *address ? build_recipient(build, source) : NULL;
	if (!r)
		return;
	r->recipient = address;
	r->original_recipient = original;
}

void notice_read_receipt(struct report_build *build, const char *fields)
{
	struct slice block = {fields + strspn(fields, "\n"), 0};
	struct slice value;
	block.len = strlen(block.data);
	const char *final = field_address(build, block, "Final-Recipient");
	const char *original = field_address(build, block, "Original-Recipient");
	if (header_find(block, "Original-Message-ID", &value) &&
	    !*build->report->original.message_id) {
		struct slice bare = address_bare(value.data, value.len);
		build->report->original.message_id = build_value(build, bare.data, bare.len);
	}
	build->report->kind = REPORT_READ_RECEIPT;
	build->report->dialect = "mdn";
	add_recipient(build, *final ? final : build->report->header.from, original, "mdn");
}

bool notice_complaint(struct report_build *build, const char *fields)
{
	struct report *report = build->report;
	struct slice block = {fields + strspn(fields, "\n"), 0};
	struct slice value;
	block.len = strlen(block.data);
	report->feedback_type = "";
	if (header_find(block, "Feedback-Type", &value)) {
		g_autofree char *lower =
		    g_ascii_strdown(value.data, (gssize)MIN(value.len, (size_t)100));
		report->feedback_type = build_value(build, lower, strlen(lower));
	}
	report->dialect = "arf";
	if (strcmp(report->feedback_type, "not-spam") == 0)
		return true;
	report->kind = REPORT_COMPLAINT;
	const char *address = field_address(build, block, "Original-Rcpt-To");
	if (!*address)
		address = field_address(build, block, "Removal-Recipient");
	if (!*address && report->original.to[0])
		address = report->original.to[0];
	add_recipient(build, address, "", "arf");
	return true;
}

/* The beginning of the text, lower case, on one line: sentences are wrapped anywhere. */
static char *text_start(const struct report *report, size_t max)
{
	g_autofree char *line =
	    text_one_line(report->text, text_cut_length(report->text, strlen(report->text), max));
	return text_lower(line);
}

bool notice_bare_complaint(struct report_build *build)
{
	struct report *report = build->report;
	size_t count;
	const char *fields = strstr(report->text, "Feedback-Type:");
	g_autofree char *type =
	    fields ? mime_parameter(mime_parts(build->mime, &count), "report-type") : NULL;
	if (fields && strcmp(type, "feedback-report") == 0)
		return notice_complaint(build, fields);
	g_autofree char *subject = g_ascii_strdown(report->header.subject, -1);
	bool jmrp = g_str_has_prefix(subject, "complaint about message from");
	g_autofree char *text = jmrp ? NULL : text_start(report, TEXT_BYTES);
	if (!jmrp && (!report->original.from[0] || !words_any(text, words_abuse)))
		return false;
	report->kind = REPORT_COMPLAINT;
	report->dialect = jmrp ? "jmrp" : "words";
	report->feedback_type = "abuse";
	add_recipient(build, report->original.to[0] ? report->original.to[0] : "", "",
		      report->dialect);
	return true;
}

/* --- automatic replies ---------------------------------------------------- */

enum reply_mark {
	MARK_NONE,
	MARK_WEAK, /* some program sent it: with words of absence it is a reply */
	MARK_LIST, /* mail of a list */
	MARK_REPLY,
};

/* What a field with this beginning of its value says; the first that fits. */
static const struct {
	const char *name;
	const char *value;
	enum reply_mark mark;
} marks[] = {
    {"List-Id", "", MARK_LIST},
    {"List-Unsubscribe", "", MARK_LIST},
    {"Auto-Submitted", "auto-replied", MARK_REPLY},
    {"X-Auto-Submitted", "auto-replied", MARK_REPLY},
    {"Precedence", "auto_reply", MARK_REPLY},
    {"Precedence", "auto-reply", MARK_REPLY},
    {"Precedence", "autoreply", MARK_REPLY},
    {"Precedence", "vacation", MARK_REPLY},
    {"X-Precedence", "auto_reply", MARK_REPLY},
    {"Preference", "auto_reply", MARK_REPLY},
    {"Delivered-To", "autoresponder", MARK_REPLY},
    {"X-Autoreply", "", MARK_REPLY},
    {"X-Autorespond", "", MARK_REPLY},
    {"X-Autoresponder", "", MARK_REPLY},
    {"X-Auto-Reply", "", MARK_REPLY},
    {"X-Mail-Autoreply", "", MARK_REPLY},
    {"X-AutoReply-From", "", MARK_REPLY},
    {"Auto-Reply", "", MARK_REPLY},
    {"X-Autogenerated", "reply", MARK_REPLY},
    {"X-Auto-Response", "", MARK_REPLY},
    {"X-Autoresponse", "", MARK_REPLY},
    {"X-Vacation", "", MARK_REPLY},
    {"X-Apple-Action", "vacation", MARK_REPLY},
    {"X-Mailer", "vacation", MARK_REPLY},
    {"X-MS-Exchange-Inbox-Rules-Loop", "", MARK_REPLY},
    /* what procmail recipes and small programs put into their answers */
    {"Precedence", "junk", MARK_WEAK},
    {"Precedence", "bulk", MARK_WEAK},
    {"Auto-Submitted", "auto-", MARK_WEAK},
    {"X-Loop", "", MARK_WEAK},
    {"X-Auto-Response-Suppress", "", MARK_WEAK},
    {"X-Auto-Submitted", "auto-", MARK_WEAK},
    {"X-Autogenerated", "", MARK_WEAK},
    {"X-FC-MachineGenerated", "", MARK_WEAK},
    {"X-POST-MessageClass", "9", MARK_WEAK},
    {"Return-Path", "<>", MARK_WEAK},
};

static enum reply_mark field_mark(const struct header_field *field)
{
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		size_t len = strlen(marks[i].value);
		if (header_name_is(field, marks[i].name) && field->value.len >= len &&
		    g_ascii_strncasecmp(field->value.data, marks[i].value, len) == 0)
			return marks[i].mark;
	}
	return MARK_NONE;
}

static enum reply_mark find_mark(const struct report_build *build)
{
	size_t count;
	struct slice header = mime_parts(build->mime, &count)->header;
	struct header_field field;
	enum reply_mark best = MARK_NONE;
	while (best != MARK_REPLY && header_next(&header, &field))
		best = MAX(best, field_mark(&field));
	return best;
}

bool notice_is_daemon(const struct report_build *build)
{
	g_autofree char *from = mime_header(build->mime, 0, "From");
	g_autofree char *lower = text_lower(from);
	return *lower == '\0' || words_any(lower, words_daemon);
}

/* --- receipts and successes in words ---------------------------------------- */

static void add_first_address(struct report_build *build)
{
	const char *text = build->report->text;
	struct slice found;
	if (!address_find(text, text_cut_length(text, strlen(text), TEXT_BYTES), &found))
		return;
	add_recipient(build, build_value(build, found.data, found.len), "", "words");
	if (build->recipients->len > 0)
		g_array_index(build->recipients, struct report_recipient, 0).action =
		    REPORT_ACTION_DELIVERED;
}

bool notice_bare_receipt(struct report_build *build)
{
	struct report *report = build->report;
	g_autofree char *subject = text_lower(report->header.subject);
	bool read = words_begin(subject, words_read_subject);
	if (!read && !words_begin(subject, words_success_subject))
		return false;
	g_autofree char *text = text_start(report, TEXT_BYTES);
	bool ours =
	    report->references[0] || report->original.message_id[0] || notice_is_daemon(build);
	if (find_mark(build) == MARK_LIST || !words_any(text, read ? words_read : words_success) ||
	    (!read && !ours))
		return false;
	report->kind = read ? REPORT_READ_RECEIPT : REPORT_SUCCESS;
	report->dialect = "words";
	if (read)
		add_recipient(build, report->header.from, "", "words");
	else
		add_first_address(build);
	return true;
}

/* --- automatic replies in words ---------------------------------------------- */

static void find_return_date(struct report_build *build)
{
	struct report *report = build->report;
	g_autofree char *words = g_strconcat(report->header.subject, "\n\n", report->text, NULL);
	char date[RETURN_DATE_SIZE];

	return_date_find(words, report->header.date, date);
	report->return_date = build_value(build, date, strlen(date));
}

/* The answer to one of our mails that begins with an absence, and calls itself automatic
 * or names the day of return. */
static bool is_reply_by_words(const struct report_build *build, const char *subject,
			      const char *text)
{
	const struct report *report = build->report;
	g_autofree char *start = text_start(report, START_BYTES);
	char date[RETURN_DATE_SIZE];
	if ((!report->references[0] && !words_begin(subject, words_answer_subject)) ||
	    !words_any(start, words_reply))
		return false;
	return_date_find(start, report->header.date, date);
	return date[0] != '\0' || words_any(text, words_automatic);
}

bool notice_auto_reply(struct report_build *build)
{
	struct report *report = build->report;
	g_autofree char *subject = text_lower(report->header.subject);
	g_autofree char *text = text_start(report, TEXT_BYTES);
	bool challenge =
	    words_any(subject, words_challenge_subject) || words_any(text, words_challenge);
	enum reply_mark mark = challenge ? MARK_NONE : find_mark(build);
	if (mark == MARK_REPLY && notice_is_daemon(build))
		mark = MARK_NONE; /* its reports carry the mark too: what we cannot read is for a
				     person */
	bool says_so = words_any(subject, words_reply_subject) ||
		       (mark == MARK_WEAK && words_any(text, words_reply)) ||
		       is_reply_by_words(build, subject, text);
	if (!challenge && mark != MARK_REPLY && (mark == MARK_LIST || !says_so))
		return false;
	report->kind = challenge ? REPORT_CHALLENGE : REPORT_AUTO_REPLY;
	report->dialect = challenge ? "challenge" : mark == MARK_REPLY ? "rfc3834" : "words";
	if (!challenge)
		find_return_date(build);
	add_recipient(build, report->header.from, "", report->dialect);
	return true;
}
