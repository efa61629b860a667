/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each is known by its subject or by set phrases of its text.
 */
#include "classifier/prose/plain_notice.h"

#include <string.h>

#include "classifier/prose/author.h"
#include "classifier/prose/passage.h"
#include "classifier/prose/reply_mark.h"
#include "classifier/report/feedback.h"
#include "classifier/text/address.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define TEXT_BYTES 2000 /* of the text in which a notice must show itself */

bool plain_notice_complaint(struct report_build *build)
{
	struct report *report = build->report;
	size_t count;
	const char *fields = strstr(report->text, "Feedback-Type:");
	g_autofree char *type =
	    fields ? mime_parameter(mime_parts(build->mime, &count), "report-type") : NULL;
	if (fields && strcmp(type, "feedback-report") == 0)
		return feedback_parse(build, fields);
	g_autofree char *subject = g_ascii_strdown(report->header.subject, -1);
	bool jmrp = g_str_has_prefix(subject, "complaint about message from");
	g_autofree char *text = jmrp ? NULL : passage_beginning(report->text, TEXT_BYTES);
	if (!jmrp && (!report->original.from[0] || !words_any(text, words_abuse)))
		return false;
	report->kind = REPORT_COMPLAINT;
	report->dialect = jmrp ? "jmrp" : "words";
	report->feedback_type = "abuse";
	report_builder_add_address(build, report->original.to[0] ? report->original.to[0] : "",
				   report->dialect, REPORT_ACTION_NONE);
	return true;
}

static void add_first_address(struct report_build *build)
{
	const char *text = build->report->text;
	struct slice found;
	if (!address_find(text, text_cut_length(text, strlen(text), TEXT_BYTES), &found))
		return;
	g_autofree char *address = g_strndup(found.data, found.len);
	report_builder_add_address(build, address, "words", REPORT_ACTION_DELIVERED);
}

bool plain_notice_receipt(struct report_build *build)
{
	struct report *report = build->report;
	g_autofree char *subject = text_lower(report->header.subject);
	bool read = words_begin(subject, words_read_subject);
	if (!read && !words_begin(subject, words_success_subject))
		return false;
	g_autofree char *text = passage_beginning(report->text, TEXT_BYTES);
	bool ours =
	    report->references[0] || report->original.message_id[0] || author_claims_daemon(build);
	if (reply_mark_find(build) == REPLY_MARK_LIST ||
	    !words_any(text, read ? words_read : words_success) || (!read && !ours))
		return false;
	report->kind = read ? REPORT_READ_RECEIPT : REPORT_SUCCESS;
	report->dialect = "words";
	if (read)
		report_builder_add_address(build, report->header.from, "words", REPORT_ACTION_NONE);
	else
		add_first_address(build);
	return true;
}

void plain_notice_rejection(struct report_build *build)
{
	bool rejected = false;
	for (const char *const *word = words_filter_refusal; *word; word++)
		rejected |= strcasestr(build->report->text, *word) != NULL;
	if (!rejected)
		return;
	build->report->kind = REPORT_PROSE;
	build->report->dialect = "sieve-reject";
	for (guint i = 0; i < build->recipients->len; i++) {
		struct report_recipient *r =
		    &g_array_index(build->recipients, struct report_recipient, i);
		r->action = REPORT_ACTION_FAILED;
		passage_set_diagnostic(build, r);
	}
}
