/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A mark in the header decides; without one, the subject or words of absence.
 */
#include "classifier/prose/automatic_mail.h"

#include <string.h>

#include "classifier/prose/author.h"
#include "classifier/prose/candidates.h"
#include "classifier/prose/contact_change.h"
#include "classifier/prose/passage.h"
#include "classifier/prose/reply_mark.h"
#include "classifier/prose/return_date.h"
#include "classifier/report/correspondents.h"
#include "classifier/text/address.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

#define TEXT_BYTES     2000 /* of the text that a notice must show itself in */
#define START_BYTES    300  /* of the text that begins with the absence */
#define SHORT_BYTES    200  /* of a text that says nothing but the absence */
#define GREETING_BYTES 80   /* of a text, within which the absence must begin */

static const char *find_return_date(const struct message *message)
{
	g_autofree char *words = g_strconcat(message->header->subject, "\n\n", message->text, NULL);
	char date[RETURN_DATE_SIZE];

	return_date_find(words, message->header->date, date);
	return value_pool_string(message->pool, date);
}

/* Somebody is away, or has gone for good. */
static bool is_absence(const char *lower)
{
	return words_any(lower, words_absence) || words_any(lower, words_has_left);
}

/* Who writes has another address now, and calls himself automatic: a newsletter may have one. */
static bool is_change_of_address(const char *lower)
{
	return words_any(lower, words_new_address) && words_any(lower, words_automatic);
}

/* A few words, and the first say that somebody is away now. */
static bool is_absence_alone(const char *text)
{
	g_autofree char *start = passage_beginning(text, GREETING_BYTES);
	return strlen(text) < SHORT_BYTES && words_any(start, words_absent_now);
}

/* The answer to one of our mails that begins with an absence, and calls itself automatic
 * or names the day of return. */
static bool is_reply_by_words(const struct message *message, const char *subject, const char *text)
{
	g_autofree char *start = passage_beginning(message->text, START_BYTES);
	char date[RETURN_DATE_SIZE];
	if ((!message->references[0] && !words_begin(subject, words_answer_subject)) ||
	    !is_absence(start) || words_any(start, words_absence_over))
		return false;
	return_date_find(start, message->header->date, date);
	return date[0] != '\0' || words_any(text, words_automatic) || is_absence_alone(text);
}

/* What marks the message as an automatic reply: "rfc3834" or "words"; NULL if it is none. */
static const char *reply_dialect(const struct message *message, const char *subject,
				 const char *text)
{
	enum reply_mark mark = reply_mark_find(message);
	if (mark == REPLY_MARK_REPLY && author_claims_daemon(message))
		mark = REPLY_MARK_NONE; /* a daemon marks its reports so too: one that cannot be
					   read goes to a person */
	if (mark == REPLY_MARK_REPLY)
		return "rfc3834";
	if (mark == REPLY_MARK_LIST)
		return words_begin(subject, words_auto_reply_subject) && is_absence(text) ? "words"
											  : NULL;
	return words_any(subject, words_auto_reply_subject) ||
		       (mark == REPLY_MARK_WEAK &&
			(is_absence(text) || words_any(text, words_acknowledgement) ||
			 is_change_of_address(text))) ||
		       is_reply_by_words(message, subject, text)
		   ? "words"
		   : NULL;
}

/* A short text that the addressee does not exist: "You sent mail to anna@host.example. That is not
 * a valid user here." Who answers for mail may also say that it was not delivered. */
static bool says_no_such_user(const struct message *message, const char *text)
{
	if (strlen(text) > START_BYTES)
		return false;
	return words_any(text, words_no_such_user) ||
	       (words_any(message->from, words_postmaster) && words_any(text, words_failure) &&
		!strstr(message->text, "\n>"));
}

/* The reply of a server at the beginning of a line or behind a colon, by who answers for mail, and
 * nothing that an automatic reply to a person is about. Quoted lines are the other side's. */
static bool quotes_refusal(const struct message *message, const char *subject, const char *text)
{
	char date[RETURN_DATE_SIZE];

	if (!author_claims_daemon(message) && !words_any(message->from, words_postmaster))
		return false;
	if (!author_quotes_reply(message->text) || words_any(subject, words_auto_reply_subject) ||
	    words_any(text, words_absent_now))
		return false;
	return_date_find(message->text, message->header->date, date);
	return date[0] == '\0';
}

/* A filter's or a mail system's answer that the mail did not reach its addressee. */
static struct finding *read_refusal(const struct message *message, const char *subject,
				    const char *text)
{
	if (message->author != AUTHOR_MACHINE || reply_mark_find(message) != REPLY_MARK_REPLY ||
	    is_absence(text) ||
	    (!says_no_such_user(message, text) && !quotes_refusal(message, subject, text)))
		return NULL;
	g_autoptr(finding_t) finding = finding_new(message);
	const char *from = message->header->from;
	if (address_locate(message->text, from) && !correspondents_is_role(from))
		finding_add_address(finding, from, "words", REPORT_ACTION_FAILED);
	else if (!candidates_pick(message, message->text, REPORT_ACTION_FAILED, finding))
		return NULL;
	finding->kind = REPORT_PROSE;
	finding->dialect = "words";
	for (guint i = 0; i < finding->recipients->len; i++)
		passage_set_diagnostic(message, finding, finding_recipient(finding, i));
	passage_find_codes(message, finding);
	return g_steal_pointer(&finding);
}

/* Could the sender's answer change what became of the mail? */
static bool is_open(const struct finding *finding)
{
	for (guint i = 0; i < finding->recipients->len; i++) {
		const char *status = finding_recipient(finding, i)->status;
		if (*status != '4' && strncmp(status, "5.7.", 4) != 0)
			return false;
	}
	return finding->recipients->len > 0;
}

/* Services that ask the sender who he is say so in a delivery report: neither the delay nor the
 * refusal is the news. */
void automatic_mail_apply_challenge(const struct message *message, struct finding *finding)
{
	if (!is_open(finding))
		return;
	g_autofree char *text = passage_beginning(message->text, TEXT_BYTES);
	if (words_any(text, words_challenge))
		finding->kind = REPORT_CHALLENGE;
}

/* Whom a service asks for, which writes under its own name: the only one that the text names. */
static const char *asked_for(const struct message *message)
{
	const char *at = message->text;
	const char *end = at + text_cut_length(at, strlen(at), TEXT_BYTES);
	const char *asked = "";
	struct slice found;
	if (!words_any(message->from, words_challenge_subject))
		return message->header->from;
	for (; address_find(at, (size_t)(end - at), &found); at = found.data + found.len) {
		const char *address = value_pool_line(message->pool, found.data, found.len);
		if (correspondents_include(message, address) || correspondents_is_role(address) ||
		    g_ascii_strcasecmp(address, asked) == 0)
			continue;
		if (*asked)
			return message->header->from;
		asked = address;
	}
	return *asked ? asked : message->header->from;
}

static struct finding *challenge_new(const struct message *message)
{
	struct finding *finding = finding_new(message);
	finding->kind = REPORT_CHALLENGE;
	finding->dialect = "challenge";
	finding_add_address(finding, asked_for(message), finding->dialect, REPORT_ACTION_NONE);
	return finding;
}

struct finding *automatic_mail_challenge(const struct message *message)
{
	if (author_claims_daemon(message))
		return NULL;
	g_autofree char *subject = text_lower(message->header->subject);
	g_autofree char *text = passage_beginning(message->text, TEXT_BYTES);
	return words_any(subject, words_challenge_subject) && words_any(text, words_challenge)
		   ? challenge_new(message)
		   : NULL;
}

struct finding *automatic_mail_parse(const struct message *message)
{
	g_autofree char *subject = text_lower(message->header->subject);
	g_autofree char *text = passage_beginning(message->text, TEXT_BYTES);
	struct finding *refusal = read_refusal(message, subject, text);
	if (refusal)
		return refusal;
	if (words_any(subject, words_challenge_subject) || words_any(text, words_challenge))
		return challenge_new(message);
	const char *dialect = reply_dialect(message, subject, text);
	if (!dialect)
		return NULL;
	struct finding *finding = finding_new(message);
	finding->kind = REPORT_AUTO_REPLY;
	finding->dialect = dialect;
	finding->facts.return_date = find_return_date(message);
	contact_change_read(message, finding);
	finding_add_address(finding, message->header->from, dialect, REPORT_ACTION_NONE);
	return finding;
}
