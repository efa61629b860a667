/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each is known by its subject or by set phrases of its text.
 */
#include "classifier/prose/plain_notice.h"

#include <string.h>

#include "classifier/prose/author.h"
#include "classifier/prose/candidates.h"
#include "classifier/prose/passage.h"
#include "classifier/prose/reply_mark.h"
#include "classifier/report/feedback.h"
#include "classifier/text/address.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define TEXT_BYTES  2000 /* of the text in which a notice must show itself */
#define SHORT_BYTES 400  /* of what says nothing else */

/* Complaints whose fields are in the text, under the root's report-type. */
static struct finding *read_fields_in_text(const struct message *message)
{
	size_t count;
	const char *fields = strstr(message->text, "Feedback-Type:");
	g_autofree char *type =
	    fields ? mime_parameter(mime_parts(message->mime, &count), "report-type") : NULL;
	return fields && strcmp(type, "feedback-report") == 0 ? feedback_read(message, fields)
							      : NULL;
}

/* What mail programs write where a person says that he wants no more of it. */
static struct finding *read_unsubscription(const struct message *message)
{
	if (message->author == AUTHOR_MACHINE || strlen(message->text) > SHORT_BYTES)
		return NULL;
	g_autofree char *text = passage_beginning(message->text, SHORT_BYTES);
	if (!words_any(text, words_unsubscribe))
		return NULL;
	struct finding *finding = finding_new(message);
	finding->kind = REPORT_COMPLAINT;
	finding->dialect = "words";
	finding->facts.feedback_type = "opt-out";
	finding_add_address(finding, message->header->from, "words", REPORT_ACTION_NONE);
	return finding;
}

struct finding *plain_notice_complaint(const struct message *message)
{
	const struct report_header *original = &message->original.header;
	struct finding *finding = read_fields_in_text(message);
	if (!finding)
		finding = read_unsubscription(message);
	if (finding)
		return finding;
	g_autofree char *subject = g_ascii_strdown(message->header->subject, -1);
	bool is_jmrp = g_str_has_prefix(subject, "complaint about message from");
	g_autofree char *text = is_jmrp ? NULL : passage_beginning(message->text, TEXT_BYTES);
	if (!is_jmrp && (!*original->from || !words_any(text, words_abuse)))
		return NULL;
	finding = finding_new(message);
	finding->kind = REPORT_COMPLAINT;
	finding->dialect = is_jmrp ? "jmrp" : "words";
	finding->facts.feedback_type = "abuse";
	finding_add_address(finding, original->to[0] ? original->to[0] : "", finding->dialect,
			    REPORT_ACTION_NONE);
	return finding;
}

static void add_first_address(const struct message *message, struct finding *finding)
{
	const char *text = message->text;
	struct slice found;
	if (!address_find(text, text_cut_length(text, strlen(text), TEXT_BYTES), &found))
		return;
	g_autofree char *address = g_strndup(found.data, found.len);
	finding_add_address(finding, address, "words", REPORT_ACTION_DELIVERED);
}

struct finding *plain_notice_receipt(const struct message *message)
{
	g_autofree char *subject = text_lower(message->header->subject);
	bool is_read = words_begin(subject, words_read_subject);
	if (!is_read && !words_begin(subject, words_success_subject))
		return NULL;
	g_autofree char *text = passage_beginning(message->text, TEXT_BYTES);
	bool is_ours = message->references[0] || *message->original.header.message_id ||
		       author_claims_daemon(message);
	if (reply_mark_find(message) == REPLY_MARK_LIST ||
	    !words_any(text, is_read ? words_read : words_success) || (!is_read && !is_ours))
		return NULL;
	struct finding *finding = finding_new(message);
	finding->kind = is_read ? REPORT_READ_RECEIPT : REPORT_SUCCESS;
	finding->dialect = "words";
	if (is_read)
		finding_add_address(finding, message->header->from, "words", REPORT_ACTION_NONE);
	else if (!candidates_pick(message, message->text, REPORT_ACTION_DELIVERED, finding))
		add_first_address(message, finding);
	return finding;
}

void plain_notice_apply_rejection(const struct message *message, struct finding *receipt)
{
	bool rejected = false;
	for (const char *const *word = words_filter_refusal; *word; word++)
		rejected |= strcasestr(message->text, *word) != NULL;
	if (!rejected)
		return;
	receipt->kind = REPORT_PROSE;
	receipt->dialect = "sieve-reject";
	for (guint i = 0; i < receipt->recipients->len; i++) {
		struct report_recipient *r = finding_recipient(receipt, i);
		r->action = REPORT_ACTION_FAILED;
		passage_set_diagnostic(message, receipt, r);
	}
}
