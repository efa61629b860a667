/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 8098 section 3.2.4: final-recipient-field = "Final-Recipient" ":" type ";" address
 * RFC 5965 section 3:     Feedback-Type, Original-Rcpt-To, Removal-Recipient ...
 * RFC 3834 section 5:     auto-submitted-field = "Auto-Submitted:" ( "no" / "auto-generated" / "auto-replied" ... )
 */
#include "classifier/notice.h"

#include <string.h>

#include "classifier/address.h"
#include "classifier/header.h"
#include "classifier/prose_words.h"
#include "classifier/text.h"

#define TEXT_BYTES 2000 /* of the text that a challenge must show itself in */

static const char *field_address(struct report_build *build, struct slice block, const char *name)
{
	struct slice value;
	if (!header_find(block, name, &value))
		return "";
	const char *semicolon = memchr(value.data, ';', value.len);
	if (semicolon)
		value = (struct slice){semicolon + 1, value.len - (size_t)(semicolon + 1 - value.data)};
	struct slice bare = address_bare(value.data, value.len);
	return build_value(build, bare.data, bare.len);
}

static void add_recipient(struct report_build *build, const char *address, const char *original, const char *source)
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
	if (header_find(block, "Original-Message-ID", &value) && !*build->report->original.message_id) {
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
		g_autofree char *lower = g_ascii_strdown(value.data, (gssize)MIN(value.len, (size_t)100));
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

bool notice_bare_complaint(struct report_build *build)
{
	struct report *report = build->report;
	size_t count;
	const struct mime_part *root = mime_parts(build->mime, &count);
	const char *fields = strstr(report->text, "Feedback-Type:");
	if (fields && strcmp(root->report_type, "feedback-report") == 0)
		return notice_complaint(build, fields);
	g_autofree char *subject = g_ascii_strdown(report->header.subject, -1);
	if (!g_str_has_prefix(subject, "complaint about message from"))
		return false;
	report->kind = REPORT_COMPLAINT;
	report->dialect = "jmrp";
	report->feedback_type = "abuse";
	add_recipient(build, report->original.to[0] ? report->original.to[0] : "", "", "jmrp");
	return true;
}

/* --- automatic replies ---------------------------------------------------- */

static bool header_has(const struct report_build *build, const char *name, const char *word)
{
	g_autofree char *value = mime_header(build->mime, 0, name);
	g_autofree char *lower = g_ascii_strdown(value, -1);
	return *word ? strstr(lower, word) != NULL : *lower != '\0';
}

/* Headers that say so by themselves. */
static bool has_reply_header(const struct report_build *build)
{
	return g_str_has_prefix(build->report->auto_submitted, "auto-replied") ||
	       header_has(build, "X-Autoreply", "") || header_has(build, "X-Autorespond", "") ||
	       header_has(build, "X-Autoresponder", "") || header_has(build, "X-Auto-Reply", "") ||
	       header_has(build, "X-Mail-Autoreply", "") || header_has(build, "X-AutoReply-From", "") ||
	       header_has(build, "Auto-Reply", "") || header_has(build, "Precedence", "auto_reply") ||
	       header_has(build, "X-Precedence", "auto_reply") || header_has(build, "Preference", "auto_reply") ||
	       header_has(build, "Delivered-To", "autoresponder") ||
	       header_has(build, "X-Auto-Submitted", "auto-replied") ||
	       header_has(build, "X-MS-Exchange-Inbox-Rules-Loop", "");
}

bool notice_is_daemon(const struct report_build *build)
{
	g_autofree char *from = mime_header(build->mime, 0, "From");
	g_autofree char *lower = g_utf8_strdown(from, -1);
	return *lower == '\0' || words_any(lower, words_daemon);
}

bool notice_auto_reply(struct report_build *build)
{
	struct report *report = build->report;
	g_autofree char *subject = g_utf8_strdown(report->header.subject, -1);
	g_autofree char *start = text_clean(report->text, strlen(report->text), TEXT_BYTES);
	g_autofree char *text = g_utf8_strdown(start, -1);
	bool challenge = words_any(subject, words_challenge_subject) || words_any(text, words_challenge);
	bool header = has_reply_header(build);
	bool list = header_has(build, "List-Id", "") || header_has(build, "List-Unsubscribe", "");
	if (!challenge && !header && (list || !words_any(subject, words_reply_subject)))
		return false;
	report->kind = challenge ? REPORT_CHALLENGE : REPORT_AUTO_REPLY;
	report->dialect = challenge ? "challenge" : header ? "rfc3834" : "subject";
	add_recipient(build, report->header.from, "", report->dialect);
	return true;
}
