/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Record, then forward: a copy that cannot be sent leaves the mail where it is, and the mailbox is
 * its queue.
 */
#include "fetch/taking.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "fetch/operator_copy.h"
#include "intake/mail_trace.h"

/* --- a person ------------------------------------------------------------------------------ */

/* Without a folder nothing keeps what was not sent. */
static bool is_cut(const struct taking_mail *mail)
{
	return mail->content->size > mail->content->len;
}

static bool send_copy(struct taking *taking, const struct taking_mail *mail,
		      const struct db_record_result *result, GError **error)
{
	const struct operator_copy copy = {.sender = taking->sender,
					   .to = result->forward_to,
					   .fields = {.class = result->class,
						      .reason = result->reason,
						      .bounce_id = result->bounce_id},
					   .bytes = mail->content->bytes,
					   .len = mail->content->len};

	return operator_copy_send(&copy, taking->smtp, error);
}

static enum taking_outcome keep_for_person(const struct taking_mail *mail, const char *why)
{
	if (mail->keeps_original)
		return TAKING_UNCLASSIFIED;
	log_event(LOG_LEVEL_WARNING, mail->name,
		  "a person must read this one; it stays where it is: %s", why);
	return TAKING_STAYS;
}

static enum taking_outcome hand_on(struct taking *taking, const struct taking_mail *mail,
				   const struct db_record_result *result, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (result->disposition == DB_QUEUE)
		return TAKING_UNCLASSIFIED;
	if (*result->forward_to == '\0')
		return keep_for_person(mail, "the parameter operator_mailbox is empty");
	if (!mail->may_send) {
		g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "the copy for %s waits",
			    result->forward_to);
		return TAKING_UNSENT;
	}
	if (send_copy(taking, mail, result, &cause))
		return is_cut(mail) ? keep_for_person(mail, "it is too long to be sent as a whole")
				    : TAKING_UNCLASSIFIED;
	if (cause->code != BM_ERROR_INPUT) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return TAKING_UNSENT;
	}
	log_event(LOG_LEVEL_ERROR, mail->name, "%s", cause->message);
	return keep_for_person(mail, "its copy was refused");
}

/* --- the database ----------------------------------------------------------------------------- */

/* It is moved aside: a person gets it all the same. */
static bool send_unrecorded(struct taking *taking, const struct taking_mail *mail)
{
	char unclassified[] = "unclassified";
	char not_recorded[] = "not-recorded";
	char none[] = "none";
	g_autoptr(db_parameters_t) parameters = parameter_cache_get(taking->parameter_cache);
	const struct db_record_result result = {.class = unclassified,
						.reason = not_recorded,
						.bounce_id = none,
						.forward_to = parameters->operator_mailbox};
	g_autoptr(GError) error = NULL;

	if (*result.forward_to == '\0')
		return false;
	if (send_copy(taking, mail, &result, &error))
		return true;
	log_event(LOG_LEVEL_ERROR, mail->name, "%s", error->message);
	return false;
}

static enum taking_outcome record(struct taking *taking, const struct taking_mail *mail,
				  const struct envelope *envelope, GError **error)
{
	const struct store_content *content = mail->content;
	struct db_record_result result = {0};
	g_autoptr(GError) cause = NULL;

	if (!intake_process(taking->intake, envelope, content->bytes, content->len, &result,
			    &cause)) {
		bool is_refused = cause->code == BM_ERROR_INPUT;

		g_propagate_error(error, g_steal_pointer(&cause));
		if (!is_refused)
			return TAKING_AWAY;
		return mail->is_last_try && send_unrecorded(taking, mail) ? TAKING_HANDED_ON
									  : TAKING_REFUSED;
	}
	g_atomic_int_inc(&taking->recorded);
	enum taking_outcome outcome =
	    intake_is_for_person(&result) ? hand_on(taking, mail, &result, error) : TAKING_RECORDED;
	db_record_result_clear(&result);
	return outcome;
}

enum taking_outcome taking_take(struct taking *taking, const struct taking_mail *mail,
				GError **error)
{
	const struct store_content *content = mail->content;
	struct mail_trace trace;

	mail_trace_read(content->bytes, content->len, &trace);
	const struct envelope envelope = {
	    .source = mail->source,
	    .sender = mail->sender ? mail->sender : trace.sender,
	    .recipients =
		mail->recipients ? mail->recipients : (const char *const *)trace.recipients->pdata,
	    .queue_id = mail->name,
	    .client = "",
	    .own_mta = mail->own_mta,
	    .size = content->size};
	enum taking_outcome outcome = record(taking, mail, &envelope, error);
	mail_trace_clear(&trace);
	return outcome;
}
