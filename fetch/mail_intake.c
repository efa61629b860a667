/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Record, then forward: a copy that cannot be sent leaves the mail where it is, and the mailbox is
 * its queue.
 */
#include "fetch/mail_intake.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "fetch/operator_copy.h"
#include "intake/trace_fields.h"

/* --- a person ------------------------------------------------------------------------------ */

static bool is_cut(const struct mail_intake_mail *mail)
{
	return mail->content->size > mail->content->len;
}

static bool send_operator_copy(struct mail_intake *mail_intake, const struct mail_intake_mail *mail,
			       const struct db_record_result *result, GError **error)
{
	const struct operator_copy copy = {.sender = mail_intake->sender,
					   .to = result->forward_to,
					   .fields = {.class = result->class,
						      .reason = result->reason,
						      .bounce_id = result->bounce_id},
					   .bytes = mail->content->bytes,
					   .len = mail->content->len};

	return operator_copy_send(&copy, mail_intake->smtp, error);
}

/* Without a folder nothing keeps what was not sent. */
static enum mail_intake_outcome keep_for_person(const struct mail_intake_mail *mail,
						const char *why)
{
	if (mail->keeps_original)
		return MAIL_INTAKE_UNCLASSIFIED;
	log_event(LOG_LEVEL_WARNING, mail->name,
		  "a person must read this one; it stays where it is: %s", why);
	return MAIL_INTAKE_STAYS;
}

/* Its copy is sent, or queued. */
static enum mail_intake_outcome keep_rest(const struct mail_intake_mail *mail)
{
	return is_cut(mail) ? keep_for_person(mail, "it is too long to be sent as a whole")
			    : MAIL_INTAKE_UNCLASSIFIED;
}

static enum mail_intake_outcome forward_taken(struct mail_intake *mail_intake,
					      const struct mail_intake_mail *mail,
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
		return MAIL_INTAKE_UNSENT;
	}
	if (send_operator_copy(mail_intake, mail, result, &cause))
		return keep_rest(mail);
	if (cause->code != BM_ERROR_INPUT) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return MAIL_INTAKE_UNSENT;
	}
	log_event(LOG_LEVEL_ERROR, mail->name, "%s", cause->message);
	return keep_for_person(mail, "its copy was refused");
}

/* --- the database ----------------------------------------------------------------------------- */

/* It is moved aside: a person gets it all the same. */
static bool send_unrecorded(struct mail_intake *mail_intake, const struct mail_intake_mail *mail)
{
	char unclassified[] = "unclassified";
	char not_recorded[] = "not-recorded";
	char none[] = "none";
	g_autoptr(db_parameters_t) parameters = parameter_cache_get(mail_intake->parameter_cache);
	const struct db_record_result result = {.class = unclassified,
						.reason = not_recorded,
						.bounce_id = none,
						.forward_to = parameters->operator_mailbox};
	g_autoptr(GError) error = NULL;

	if (*result.forward_to == '\0')
		return false;
	if (send_operator_copy(mail_intake, mail, &result, &error))
		return true;
	log_event(LOG_LEVEL_ERROR, mail->name, "%s", error->message);
	return false;
}

/* What becomes of a mail, by what the database said of it; takes cause. */
static enum mail_intake_outcome conclude(struct mail_intake *mail_intake,
					 const struct mail_intake_mail *mail,
					 const struct db_record_result *result, GError *cause,
					 GError **error)
{
	if (!cause) {
		g_atomic_int_inc(&mail_intake->recorded);
		return intake_is_for_person(result)
			   ? forward_taken(mail_intake, mail, result, error)
			   : MAIL_INTAKE_RECORDED;
	}
	bool is_refused = cause->code == BM_ERROR_INPUT;

	g_propagate_error(error, cause);
	if (!is_refused)
		return MAIL_INTAKE_AWAY;
	return mail->is_last_try && send_unrecorded(mail_intake, mail) ? MAIL_INTAKE_HANDED_ON
								       : MAIL_INTAKE_REFUSED;
}

/* --- mails ------------------------------------------------------------------------------------ */

/* Points into mail and trace. */
static struct envelope read_trace_envelope(const struct mail_intake_mail *mail,
					   struct trace_fields *trace)
{
	const struct store_content *content = mail->content;

	trace_fields_read(content->bytes, content->len, trace);
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

enum mail_intake_outcome mail_intake_take(struct mail_intake *mail_intake,
					  const struct mail_intake_mail *mail, GError **error)
{
	const struct store_content *content = mail->content;
	struct trace_fields trace;
	struct db_record_result result = {0};
	GError *cause = NULL;
	const struct envelope envelope = read_trace_envelope(mail, &trace);

	(void)!intake_process(mail_intake->intake, &envelope, content->bytes, content->len, &result,
			      &cause);
	enum mail_intake_outcome outcome = conclude(mail_intake, mail, &result, cause, error);
	db_record_result_clear(&result);
	trace_fields_clear(&trace);
	return outcome;
}

/* A mail among others. */
struct part {
	struct trace_fields trace;
	struct envelope envelope;
	struct intake_mail record;
};

static void free_part(void *data)
{
	struct part *part = data;

	trace_fields_clear(&part->trace);
	db_record_result_clear(&part->record.result);
	g_free(part);
}

void mail_intake_take_all(struct mail_intake *mail_intake, const GPtrArray *mails,
			  struct mail_intake_result *results_out)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(free_part);
	g_autoptr(GPtrArray) records = g_ptr_array_new();
	bool may_send = true;

	for (guint i = 0; i < mails->len; i++) {
		const struct mail_intake_mail *mail = mails->pdata[i];
		struct part *part = g_new0(struct part, 1);

		part->envelope = read_trace_envelope(mail, &part->trace);
		part->record = (struct intake_mail){.envelope = &part->envelope,
						    .bytes = mail->content->bytes,
						    .len = mail->content->len};
		g_ptr_array_add(parts, part);
		g_ptr_array_add(records, &part->record);
	}
	intake_process_all(mail_intake->intake, records);
	for (guint i = 0; i < mails->len; i++) {
		struct mail_intake_mail mail = *(const struct mail_intake_mail *)mails->pdata[i];
		struct part *part = parts->pdata[i];

		mail.may_send &= may_send;
		results_out[i] = (struct mail_intake_result){0};
		results_out[i].outcome =
		    conclude(mail_intake, &mail, &part->record.result,
			     g_steal_pointer(&part->record.error), &results_out[i].error);
		may_send &= results_out[i].outcome != MAIL_INTAKE_UNSENT;
	}
}
