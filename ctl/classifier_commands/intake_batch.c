/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Gather, record, settle.
 */
#include "ctl/classifier_commands/intake_batch.h"

#include <errno.h>
#include <string.h>

#include "intake/trace_fields.h"

/* A mail, and what its envelope points to. */
struct gathered {
	struct intake_mail_item item;
	FILE *file;
	GByteArray *bytes;
	struct trace_fields trace;
	struct envelope envelope;
	struct intake_mail mail;
	int fault; /* errno, where it could not be read */
};

static void gathered_free(void *data)
{
	struct gathered *gathered = data;

	g_free(gathered->item.name);
	if (gathered->file)
		fclose(gathered->file);
	g_byte_array_unref(gathered->bytes);
	trace_fields_clear(&gathered->trace);
	db_record_result_clear(&gathered->mail.result);
	g_clear_error(&gathered->mail.error);
	g_free(gathered);
}

/* --- gather ----------------------------------------------------------------------------------- */

static const char *sender_of(const struct ctl_call *call, const struct trace_fields *trace)
{
	const char *given = ctl_call_option(call, "from");

	if (!given)
		return trace->sender;
	return strcmp(given, "<>") == 0 ? "" : given;
}

static const char *const *recipients_of(const struct ctl_call *call,
					const struct trace_fields *trace)
{
	const char *const *given = ctl_call_option_values(call, "to");

	return given ? given : (const char *const *)trace->recipients->pdata;
}

static void read_batch_envelope(const struct ctl_call *call, struct gathered *gathered)
{
	const struct mail_file *place = &gathered->item.place;
	const char *queue_id = ctl_call_option(call, "queue-id");

	gathered->envelope = (struct envelope){.source = gathered->item.source,
					       .sender = sender_of(call, &gathered->trace),
					       .recipients = recipients_of(call, &gathered->trace),
					       .queue_id = queue_id ? queue_id : "",
					       .client = "",
					       .own_mta = ctl_call_has(call, "own-mta"),
					       .size = (size_t)(place->end - place->start)};
}

static struct gathered *gather(const struct intake_mail_job *job,
			       const struct intake_mail_item *item, FILE *file)
{
	struct gathered *gathered = g_new0(struct gathered, 1);

	gathered->item = *item;
	gathered->file = file;
	gathered->bytes = g_byte_array_new();
	if (!mail_file_read(&item->place, job->bytes_max + 1, gathered->bytes))
		gathered->fault = errno;
	g_byte_array_append(gathered->bytes, (const guint8 *)"", 1); /* never NULL */
	g_byte_array_set_size(gathered->bytes, gathered->bytes->len - 1);
	const char *bytes = (const char *)gathered->bytes->data;
	trace_fields_read(bytes, gathered->bytes->len, &gathered->trace);
	read_batch_envelope(job->call, gathered);
	gathered->mail = (struct intake_mail){
	    .envelope = &gathered->envelope, .bytes = bytes, .len = gathered->bytes->len};
	return gathered;
}

void intake_batch_add(struct intake_batch *batch, const struct intake_mail_item *item, FILE *file)
{
	struct gathered *gathered = gather(batch->job, item, file);
	const struct intake_mail *mail = &gathered->mail;

	if (gathered->fault != 0) {
		intake_batch_end(batch);
		intake_mail_fail(batch->job, item->name, CTL_EXIT_TEMPFAIL,
				 g_strerror(gathered->fault));
		gathered_free(gathered);
		return;
	}
	if (batch->bytes + mail->len > DB_RECORDS_BYTES_MAX)
		intake_batch_end(batch);
	if (!batch->gathered)
		batch->gathered = g_ptr_array_new_with_free_func(gathered_free);
	g_ptr_array_add(batch->gathered, gathered);
	batch->bytes += mail->len;
	if (batch->gathered->len == DB_RECORDS_MAX)
		intake_batch_end(batch);
}

/* --- record and settle ------------------------------------------------------------------------ */

static void settle_all(struct intake_batch *batch, GPtrArray *gathered)
{
	for (guint i = 0; i < gathered->len; i++) {
		struct gathered *one = gathered->pdata[i];

		/* what is not recorded is for the next run, and needs no line each */
		if (one->mail.error && !intake_mail_has_database(batch->job))
			continue;
		if (intake_mail_settle(batch->job, &one->item, &one->mail) && batch->on_done)
			batch->on_done(batch, &one->item);
	}
}

void intake_batch_end(struct intake_batch *batch)
{
	g_autoptr(GPtrArray) gathered = g_steal_pointer(&batch->gathered);
	g_autoptr(GPtrArray) mails = g_ptr_array_new();

	batch->bytes = 0;
	if (!gathered)
		return;
	for (guint i = 0; i < gathered->len; i++)
		g_ptr_array_add(mails, &((struct gathered *)gathered->pdata[i])->mail);
	intake_process_all(batch->job->intake, mails);
	settle_all(batch, gathered);
}
