/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Outcome and classification of SMTP replies.
 */
#include "delivery/outcome/outcome.h"

#include <stdio.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "classifier/text/status_code.h"
#include "classifier/verdict/classify.h"
#include "classifier/verdict/document.h"

enum { BAD_SEQUENCE = 503 };

static const char *const names[] = {[OUTCOME_ACCEPTED] = "accepted",
				    [OUTCOME_REJECTED] = "rejected",
				    [OUTCOME_PENDING] = "pending",
				    [OUTCOME_UNKNOWN] = "unknown"};

const char *outcome_name(enum outcome outcome)
{
	return names[outcome];
}

static bool is_refusing_reply(const struct smtp_reply *reply)
{
	return reply->code != 0 && !smtp_reply_is_positive(reply);
}

/* RFC 5321 section 4.2.3, a bad sequence of commands: of the session, and of no mail. */
static bool is_final_reply(const struct smtp_reply *reply)
{
	return reply->code >= 500 && reply->code <= 599 && reply->code != BAD_SEQUENCE;
}

/* What is neither a yes nor a no for good is for now, whatever it is. */
enum outcome outcome_of(const struct smtp_result *result, size_t i, struct smtp_reply *reply_out)
{
	const struct smtp_reply *recipient = &result->recipients[i];
	const struct smtp_reply *replies[] = {&result->mail, recipient, &result->data};

	for (size_t k = 0; k < G_N_ELEMENTS(replies); k++) {
		*reply_out = *replies[k];
		if (is_refusing_reply(reply_out))
			return is_final_reply(reply_out) ? OUTCOME_REJECTED : OUTCOME_PENDING;
	}
	if (result->data.code != 0 && recipient->code != 0 && result->is_complete)
		return OUTCOME_ACCEPTED;
	reply_out->code = 0;
	return result->is_complete ? OUTCOME_UNKNOWN : OUTCOME_PENDING;
}

static bool is_sender_refused(const struct smtp_reply *mail)
{
	/* RFC 1870 section 6: 552, or 5.3.4; RFC 3463 X.2.3 */
	return is_refusing_reply(mail) && mail->code != 552 &&
	       !g_str_has_suffix(mail->status, ".3.4") && !g_str_has_suffix(mail->status, ".2.3");
}

/* What is said of the sender, the client or the login in a reply to RCPT or later. */
static bool blames_us(const struct smtp_reply *reply)
{
	static const char *const words[] = {
	    "sender address",    "client host",     "helo command",
	    "relay access",      "relaying denied", "relaying not",
	    "unable to relay",   "to send as",      "not permitted to relay",
	    "relay not",         "sender verify",   "smtp authentication",
	    "not authenticated", "sendasdenied",    "authentication required",
	    "auth first",        "sending limit",   "starttls command first",
	    "sending quota",     "sending paused",  "address is not verified"};

	/* RFC 4954 section 6 */
	if (reply->code == 530 || reply->code == 535 || reply->code == 538)
		return true;
	/* RFC 3463: the sender's address */
	if (g_str_has_suffix(reply->status, ".1.7") || g_str_has_suffix(reply->status, ".1.8"))
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcasestr(reply->text, words[i]))
			return true;
	return false;
}

char *outcome_line(const struct smtp_reply *reply)
{
	return g_strdup_printf("%d%s%s %s", reply->code, *reply->status != '\0' ? " " : "",
			       reply->status, reply->text);
}

static char *outcome_line_of(const struct smtp_reply *reply, enum outcome outcome,
			     const char *fault)
{
	if (reply->code == 0)
		return g_strconcat(outcome == OUTCOME_UNKNOWN
				       ? "the final reply was not heard"
				       : "the connection broke before the end of the message",
				   *fault == '\0' ? "" : ": ", fault, NULL);
	return outcome_line(reply);
}

/* --- the classifier ----------------------------------------------------------------------- */

/* A refusal as the report that a mail system would have made of it. */
struct refusal {
	char code[12];
	char status[STATUS_CODE_SIZE];
	struct report_recipient recipient;
	struct report report;
	struct verdict verdict;
};

static void refusal_classify(const struct ruleset *rules, const char *server, const char *address,
			     const struct smtp_reply *reply, const char *line,
			     struct refusal *refusal_out)
{
	*refusal_out =
	    (struct refusal){.recipient = report_recipient_empty, .report = report_empty};
	struct report_recipient *recipient = &refusal_out->recipient;
	struct report *report = &refusal_out->report;

	g_strlcpy(refusal_out->status, reply->status, sizeof refusal_out->status);
	if (*refusal_out->status == '\0')
		status_code_find_failure(line, refusal_out->status);
	if (reply->code >= 400 && reply->code <= 599)
		snprintf(refusal_out->code, sizeof refusal_out->code, "%d", reply->code);
	bool has_code = *refusal_out->status != '\0' || *refusal_out->code != '\0';
	recipient->recipient = address;
	recipient->action = REPORT_ACTION_FAILED;
	recipient->status = has_code ? refusal_out->status : "4.4.2"; /* RFC 3463: bad connection */
	recipient->reply_code = refusal_out->code;
	recipient->diagnostic = line;
	recipient->diagnostic_type = "smtp";
	recipient->remote_mta = server;
	recipient->source = "smtp";
	report->kind = REPORT_DSN;
	report->dialect = "smtp";
	report->facts.reporting_mta = server;
	report->recipients = recipient;
	report->recipient_count = 1;
	classify(rules, report, recipient, &refusal_out->verdict);
}

static JsonNode *refusal_document(const struct ruleset *rules, const char *server,
				  const char *address, const struct smtp_reply *reply,
				  const char *line)
{
	static const char *const none[] = {NULL};
	const struct envelope envelope = {.source = "delivery",
					  .sender = "",
					  .recipients = none,
					  .queue_id = "",
					  .client = "",
					  .size = 0};
	struct refusal refusal;

	refusal_classify(rules, server, address, reply, line, &refusal);
	g_autofree char *document = document_build(&refusal.report, &refusal.verdict, &envelope);
	verdict_clear(&refusal.verdict);
	return json_from_string(document, NULL);
}

/* --- whose fault it is -------------------------------------------------------------------- */

bool outcome_is_any_accepted(const struct db_item *item, const struct smtp_result *result)
{
	bool is_any = false;

	for (size_t i = 0; item->addresses[i]; i++)
		is_any = is_any || smtp_reply_is_positive(&result->recipients[i]);
	return is_any;
}

/* Whether it says something of the recipient or of the mail: nothing else makes them to blame. */
static bool speaks_of_one(const struct ruleset *rules, const char *server, const char *address,
			  const struct smtp_reply *reply, bool is_content_read)
{
	g_autofree char *line = outcome_line(reply);
	struct refusal refusal;

	if (blames_us(reply))
		return false;
	/* RFC 5321 section 3.3: to DATA, where all recipients were refused */
	if (strcasestr(reply->text, "no valid recipients"))
		return true;
	refusal_classify(rules, server, address, reply, line, &refusal);
	enum reason_about about = refusal.verdict.reason->about;
	verdict_clear(&refusal.verdict);
	return about == ABOUT_ONE || (about == ABOUT_CONTENT && is_content_read);
}

/* The reply because of which recipient i does not get it. */
static const struct smtp_reply *deciding_reply(const struct smtp_result *result, size_t i,
					       bool is_envelope)
{
	return is_envelope ? &result->recipients[i] : &result->data;
}

bool outcome_speaks_of_one(const struct ruleset *rules, const char *server,
			   const struct db_item *item, const struct smtp_result *result, size_t i)
{
	bool is_envelope = !outcome_is_any_accepted(item, result);

	return !is_refusing_reply(&result->mail) &&
	       speaks_of_one(rules, server, item->addresses[i],
			     deciding_reply(result, i, is_envelope),
			     !is_envelope && result->is_complete);
}

enum outcome_blame outcome_blame(const struct ruleset *rules, const char *server,
				 const struct db_item *item, const struct smtp_result *result,
				 struct smtp_reply *reply_out)
{
	bool is_envelope = !outcome_is_any_accepted(item, result);
	enum outcome_blame blame = BLAME_MAIL;

	*reply_out = result->mail;
	if (is_sender_refused(&result->mail))
		return BLAME_US;
	if (is_refusing_reply(&result->mail))
		return BLAME_MAIL;
	for (size_t i = 0; item->addresses[i]; i++) {
		const struct smtp_reply *reply = deciding_reply(result, i, is_envelope);

		if (!is_refusing_reply(reply))
			return BLAME_MAIL;
		if (outcome_speaks_of_one(rules, server, item, result, i))
			continue;
		if (blame != BLAME_IF_ALIKE)
			blame = blames_us(reply) ? BLAME_US : BLAME_IF_ALIKE;
		*reply_out = *reply;
	}
	return blame;
}

/* --- the documents ------------------------------------------------------------------------ */

static JsonObject *outcome_object(const struct db_item *item, size_t i, const char *outcome)
{
	JsonObject *object = json_object_new();

	json_object_set_int_member(object, "recipient_id",
				   g_ascii_strtoll(item->recipient_ids[i], NULL, 10));
	json_object_set_string_member(object, "outcome", outcome);
	return object;
}

/* Takes the array. */
static char *array_to_text(JsonArray *outcomes)
{
	g_autoptr(JsonNode) root = json_node_init_array(json_node_alloc(), outcomes);

	json_array_unref(outcomes);
	return json_to_string(root, FALSE);
}

static JsonObject *recipient_document(const struct ruleset *rules, const char *server,
				      const struct db_item *item, const struct smtp_result *result,
				      size_t i)
{
	struct smtp_reply reply = {0};
	enum outcome outcome = outcome_of(result, i, &reply);
	g_autofree char *line = outcome_line_of(&reply, outcome, result->fault);
	JsonObject *object = outcome_object(item, i, outcome_name(outcome));

	json_object_set_string_member(object, "response", line);
	if (outcome == OUTCOME_REJECTED || outcome == OUTCOME_PENDING)
		json_object_set_member(
		    object, "document",
		    refusal_document(rules, server, item->addresses[i], &reply, line));
	return object;
}

char *outcome_document(const struct ruleset *rules, const char *server, const struct db_item *item,
		       const struct smtp_result *result)
{
	JsonArray *outcomes = json_array_new();

	for (size_t i = 0; item->recipient_ids[i]; i++)
		json_array_add_object_element(outcomes,
					      recipient_document(rules, server, item, result, i));
	return array_to_text(outcomes);
}

char *outcome_doubtful(const struct ruleset *rules, const char *server, const struct db_item *item,
		       const struct smtp_result *result)
{
	JsonArray *outcomes = json_array_new();

	for (size_t i = 0; item->recipient_ids[i]; i++) {
		JsonObject *object = recipient_document(rules, server, item, result, i);

		json_object_set_boolean_member(object, "is_doubtful", TRUE);
		json_array_add_object_element(outcomes, object);
	}
	return array_to_text(outcomes);
}

char *outcome_deferred(const struct ruleset *rules, const char *server, const struct db_item *item,
		       const struct smtp_result *result)
{
	JsonArray *outcomes = json_array_new();

	for (size_t i = 0; item->recipient_ids[i]; i++) {
		JsonObject *object = recipient_document(rules, server, item, result, i);

		json_object_set_string_member(object, "outcome", outcome_name(OUTCOME_PENDING));
		json_object_set_boolean_member(object, "is_doubtful", TRUE);
		json_array_add_object_element(outcomes, object);
	}
	return array_to_text(outcomes);
}

char *outcome_released(const struct db_item *item)
{
	JsonArray *outcomes = json_array_new();

	for (size_t i = 0; item->recipient_ids[i]; i++)
		json_array_add_object_element(outcomes, outcome_object(item, i, "released"));
	return array_to_text(outcomes);
}
