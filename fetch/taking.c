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

static bool is_cut(const struct taking_mail *mail)
{
	return mail->content->size > mail->content->len;
}

static bool send_operator_copy(struct taking *taking, const struct taking_mail *mail,
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

/* Without a folder nothing keeps what was not sent. */
static enum taking_outcome keep_for_person(const struct taking_mail *mail, const char *why)
{
	if (mail->keeps_original)
		return TAKING_UNCLASSIFIED;
	log_event(LOG_LEVEL_WARNING, mail->name,
		  "a person must read this one; it stays where it is: %s", why);
	return TAKING_STAYS;
}

/* Its copy is sent, or queued. */
static enum taking_outcome keep_rest(const struct taking_mail *mail)
{
	return is_cut(mail) ? keep_for_person(mail, "it is too long to be sent as a whole")
			    : TAKING_UNCLASSIFIED;
}

static enum taking_outcome forward_taken(struct taking *taking, const struct taking_mail *mail,
					 const struct db_record_result *result, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (result->disposition == DB_QUEUE)
		return keep_rest(mail);
	if (*result->forward_to == '\0')
		return keep_for_person(mail, "the parameter operator_mailbox is empty");
	if (!mail->may_send) {
		g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "the copy for %s waits",
			    result->forward_to);
		return TAKING_UNSENT;
	}
	if (send_operator_copy(taking, mail, result, &cause))
		return keep_rest(mail);
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
	if (send_operator_copy(taking, mail, &result, &error))
		return true;
	log_event(LOG_LEVEL_ERROR, mail->name, "%s", error->message);
	return false;
}

/* What becomes of a mail, by what the database said of it; takes cause. */
static enum taking_outcome conclude(struct taking *taking, const struct taking_mail *mail,
				    const struct db_record_result *result, GError *cause,
				    GError **error)
{
	if (!cause) {
		g_atomic_int_inc(&taking->recorded);
		return intake_is_for_person(result) ? forward_taken(taking, mail, result, error)
						    : TAKING_RECORDED;
	}
	bool is_refused = cause->code == BM_ERROR_INPUT;

	g_propagate_error(error, cause);
	if (!is_refused)
		return TAKING_AWAY;
	return mail->is_last_try && send_unrecorded(taking, mail) ? TAKING_HANDED_ON
								  : TAKING_REFUSED;
}

/* --- mails ------------------------------------------------------------------------------------ */

/* Points into mail and trace. */
static struct envelope read_trace_envelope(const struct taking_mail *mail, struct mail_trace *trace)
{
	const struct store_content *content = mail->content;

	mail_trace_read(content->bytes, content->len, trace);
	return (struct envelope){.source = mail->source,
				 .sender = mail->sender ? mail->sender : trace->sender,
				 .recipients = mail->recipients
						   ? mail->recipients
						   : (const char *const *)trace->recipients->pdata,
				 .queue_id = mail->name,
				 .client = "",
				 .own_mta = mail->own_mta,
				 .size = content->size};
}

enum taking_outcome taking_take(struct taking *taking, const struct taking_mail *mail,
				GError **error)
{
	const struct store_content *content = mail->content;
	struct mail_trace trace;
	struct db_record_result result = {0};
	GError *cause = NULL;
	const struct envelope envelope = read_trace_envelope(mail, &trace);

	(void)!intake_process(taking->intake, &envelope, content->bytes, content->len, &result,
			      &cause);
	enum taking_outcome outcome = conclude(taking, mail, &result, cause, error);
	db_record_result_clear(&result);
	mail_trace_clear(&trace);
	return outcome;
}

/* A mail among others. */
struct part {
	struct mail_trace trace;
	struct envelope envelope;
	struct intake_mail record;
};

static void free_part(void *data)
{
	struct part *part = data;

	mail_trace_clear(&part->trace);
	db_record_result_clear(&part->record.result);
	g_free(part);
}

void taking_take_all(struct taking *taking, const GPtrArray *mails,
		     struct taking_result *results_out)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(free_part);
	g_autoptr(GPtrArray) records = g_ptr_array_new();
	bool may_send = true;

	for (guint i = 0; i < mails->len; i++) {
		const struct taking_mail *mail = mails->pdata[i];
		struct part *part = g_new0(struct part, 1);

		part->envelope = read_trace_envelope(mail, &part->trace);
		part->record = (struct intake_mail){.envelope = &part->envelope,
						    .bytes = mail->content->bytes,
						    .len = mail->content->len};
		g_ptr_array_add(parts, part);
		g_ptr_array_add(records, &part->record);
	}
	intake_process_all(taking->intake, records);
	for (guint i = 0; i < mails->len; i++) {
		struct taking_mail mail = *(const struct taking_mail *)mails->pdata[i];
		struct part *part = parts->pdata[i];

		mail.may_send &= may_send;
		results_out[i] = (struct taking_result){0};
		results_out[i].outcome =
		    conclude(taking, &mail, &part->record.result,
			     g_steal_pointer(&part->record.error), &results_out[i].error);
		may_send &= results_out[i].outcome != TAKING_UNSENT;
	}
}
