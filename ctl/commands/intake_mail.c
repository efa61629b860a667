/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One mail.
 */
#include "ctl/commands/intake_mail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"
#include "db/operator_queries.h"
#include "intake/forward.h"

/* So many mails in a row that the database does not take: the rest is for the next run. */
enum { AWAY_MAX = 3 };

/* --- what went wrong ------------------------------------------------------------------ */

bool intake_job_fail(struct intake_job *job, const char *name, int status, const char *text)
{
	g_autofree char *clean = table_clean(text, true, TABLE_ONE_LINE);
	g_autofree char *clean_name = table_clean(name, true, TABLE_ONE_LINE);

	ctl_progress_clear(&job->progress);
	fprintf(stderr, "bouncectl intake: %s: %s\n", clean_name, clean);
	job->failed += status != CTL_EXIT_OK;
	/* "try again" beats everything: it is the only one that loses nothing */
	if (job->status != CTL_EXIT_TEMPFAIL)
		job->status = status;
	return false;
}

bool intake_job_may_go_on(const struct intake_job *job)
{
	return job->away < AWAY_MAX && !ctl_interrupt_came();
}

/* --- a person ---------------------------------------------------------------------------- */

/* Where to: what record_report said, the parameter, or --operator. Heap; "" for nowhere. */
static char *operator_of(struct intake_job *job, const struct db_record_result *result)
{
	const char *given = ctl_option(job->call, "operator");

	if (result->forward_to != NULL && *result->forward_to != '\0')
		return g_strdup(result->forward_to);
	g_autoptr(db_rows_t) rows = db_rows_fetch(job->pool, &people_operator_mailbox, NULL, NULL);
	const char *mailbox = rows != NULL && db_rows_count(rows) == 1
				  ? db_rows_find(rows, 0, "operator_mailbox")
				  : NULL;
	if (mailbox != NULL && *mailbox != '\0')
		return g_strdup(mailbox);
	return g_strdup(given == NULL ? "" : given);
}

static bool hand_on(struct intake_job *job, struct intake_item *item,
		    const struct db_record_result *result)
{
	g_autofree char *to = operator_of(job, result);
	g_autoptr(GError) error = NULL;
	const struct forward forward = {.program = ctl_option(job->call, "sendmail"),
					.to = to,
					.class = result->class,
					.reason = result->reason,
					.bounce_message_id = result->bounce_message_id};

	item->for_person = true;
	if (*to == '\0' && item->keeping != KEEPS_NOTHING)
		return true; /* it stays where it is */
	if (*to == '\0')
		return intake_job_fail(job, item->name, CTL_EXIT_TEMPFAIL,
				       "a person must see this one: set the parameter "
				       "operator_mailbox, or give --operator");
	if (!forward_mail(&forward, &item->place, &error))
		return intake_job_fail(job, item->name, CTL_EXIT_TEMPFAIL, error->message);
	item->for_person = false;
	job->handed_on++;
	return true;
}

/* The database can never store it: a person gets it all the same. */
static bool hand_on_unrecorded(struct intake_job *job, struct intake_item *item,
			       const GError *error)
{
	char unclassified[] = "unclassified";
	char not_recorded[] = "not-recorded";
	char none[] = "";
	const struct db_record_result result = {.class = unclassified,
						.reason = not_recorded,
						.bounce_message_id = none,
						.forward_to = none};

	intake_job_fail(job, item->name, CTL_EXIT_OK, error->message);
	return hand_on(job, item, &result);
}

static bool is_for_person(const struct intake_item *item, const struct db_record_result *result)
{
	/* an mbox comes again and again: once is enough */
	if (item->keeping == KEEPS_ALL && result->is_duplicate)
		return false;
	return result->disposition == DB_FORWARD ||
	       (result->disposition == DB_DELIVER && strcmp(result->class, "unclassified") == 0);
}

/* --- one mail ------------------------------------------------------------------------------ */

static bool say(const struct intake_job *job, const struct intake_item *item,
		const struct db_record_result *result)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(GString) out = g_string_new(NULL);
	const char *const words[][2] = {{"name", item->name},
					{"class", result->class},
					{"reason", result->reason},
					{"disposition", db_disposition_name(result->disposition)}};

	if (!job->json)
		return true;
	json_builder_begin_object(builder);
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autofree char *valid = g_utf8_make_valid(words[i][1], -1);
		json_builder_set_member_name(builder, words[i][0]);
		json_builder_add_string_value(builder, valid);
	}
	json_builder_set_member_name(builder, "bounce_message_id");
	json_builder_add_int_value(builder, g_ascii_strtoll(result->bounce_message_id, NULL, 10));
	json_builder_set_member_name(builder, "duplicate");
	json_builder_add_boolean_value(builder, result->is_duplicate);
	json_builder_end_object(builder);
	ctl_output_json_append(builder, out);
	return ctl_output_write(out->str);
}

static bool record(struct intake_job *job, struct intake_item *item,
		   const struct envelope *envelope, const GByteArray *bytes)
{
	struct db_record_result result = {0};
	g_autoptr(GError) error = NULL;

	if (!intake_process(job->intake, envelope, (const char *)bytes->data, bytes->len, &result,
			    &error)) {
		if (error->code == BM_ERROR_INPUT)
			return hand_on_unrecorded(job, item, error);
		job->away++;
		return intake_job_fail(job, item->name, CTL_EXIT_TEMPFAIL, error->message);
	}
	job->away = 0;
	job->taken++;
	job->known += result.is_duplicate;
	say(job, item, &result);
	bool done = !is_for_person(item, &result) || hand_on(job, item, &result);
	db_record_result_clear(&result);
	return done;
}

static char **recipients_of(const struct intake_job *job, const struct mail_trace *trace)
{
	const char *given = ctl_option(job->call, "to");

	return given != NULL ? g_strsplit(given, " ", -1)
			     : g_strdupv((char **)trace->recipients->pdata);
}

bool intake_job_take(struct intake_job *job, struct intake_item *item)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	const char *queue_id = ctl_option(job->call, "queue-id");
	const char *from = ctl_option(job->call, "from");
	struct mail_trace trace;

	if (!mail_place_read(&item->place, job->bytes_max + 1, bytes))
		return intake_job_fail(job, item->name, CTL_EXIT_TEMPFAIL, g_strerror(errno));
	g_byte_array_append(bytes, (const guint8 *)"", 1); /* never NULL */
	g_byte_array_set_size(bytes, bytes->len - 1);
	mail_trace_read((const char *)bytes->data, bytes->len, &trace);
	g_auto(GStrv) recipients = recipients_of(job, &trace);
	const struct envelope envelope = {
	    .source = item->source,
	    .sender = from != NULL ? (strcmp(from, "<>") == 0 ? "" : from) : trace.sender,
	    .recipients = (const char *const *)recipients,
	    .queue_id = queue_id == NULL ? "" : queue_id,
	    .client = "",
	    .own_mta = ctl_flag(job->call, "own-mta"),
	    .size = (size_t)(item->place.end - item->place.start)};
	bool done = record(job, item, &envelope, bytes);
	mail_trace_clear(&trace);
	return done;
}
