/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A mark in the header decides; without one, the subject or words of absence.
 */
#include "classifier/prose/automatic_mail.h"

#include <string.h>

#include "classifier/prose/author.h"
#include "classifier/prose/passage.h"
#include "classifier/prose/reply_mark.h"
#include "classifier/prose/return_date.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define TEXT_BYTES  2000 /* of the text that a notice must show itself in */
#define START_BYTES 300  /* of the text that begins with the absence */

static void find_return_date(struct report_build *build)
{
	struct report *report = build->report;
	g_autofree char *words = g_strconcat(report->header.subject, "\n\n", report->text, NULL);
	char date[RETURN_DATE_SIZE];

	return_date_find(words, report->header.date, date);
	report->return_date = report_builder_value(build, date, strlen(date));
}

/* The answer to one of our mails that begins with an absence, and calls itself automatic
 * or names the day of return. */
static bool is_reply_by_words(const struct report_build *build, const char *subject,
			      const char *text)
{
	const struct report *report = build->report;
	g_autofree char *start = passage_beginning(report->text, START_BYTES);
	char date[RETURN_DATE_SIZE];
	if ((!report->references[0] && !words_begin(subject, words_answer_subject)) ||
	    !words_any(start, words_absence))
		return false;
	return_date_find(start, report->header.date, date);
	return date[0] != '\0' || words_any(text, words_automatic);
}

bool automatic_mail_parse(struct report_build *build)
{
	struct report *report = build->report;
	g_autofree char *subject = text_lower(report->header.subject);
	g_autofree char *text = passage_beginning(report->text, TEXT_BYTES);
	bool challenge =
	    words_any(subject, words_challenge_subject) || words_any(text, words_challenge);
	enum reply_mark mark = challenge ? REPLY_MARK_NONE : reply_mark_find(build);
	if (mark == REPLY_MARK_REPLY && author_claims_daemon(build))
		mark = REPLY_MARK_NONE; /* its reports carry the mark too: what we cannot read is
				     for a person */
	bool says_so = words_any(subject, words_auto_reply_subject) ||
		       (mark == REPLY_MARK_WEAK && words_any(text, words_absence)) ||
		       is_reply_by_words(build, subject, text);
	if (!challenge && mark != REPLY_MARK_REPLY && (mark == REPLY_MARK_LIST || !says_so))
		return false;
	report->kind = challenge ? REPORT_CHALLENGE : REPORT_AUTO_REPLY;
	report->dialect = challenge ? "challenge" : mark == REPLY_MARK_REPLY ? "rfc3834" : "words";
	if (!challenge)
		find_return_date(build);
	report_builder_add_address(build, report->header.from, report->dialect, REPORT_ACTION_NONE);
	return true;
}
