/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One mail that was recorded, or was not: say it, forward it.
 */
#include "ctl/classifier_commands/intake_mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/printable_text.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/json.h"
#include "ctl/terminal/output.h"
#include "db/people/operator_queries.h"
#include "intake/forward.h"
#include "intake/intake.h"

/* After so many mails in a row without a database the rest is left to the next run. */
enum { AWAY_MAX = 3 };

/* --- what went wrong ------------------------------------------------------------------ */

bool intake_mail_fail(struct intake_mail_job *job, const char *name, enum ctl_exit_code exit_code,
		      const char *text)
{
	g_autofree char *clean = printable_text_clean(text, true, PRINTABLE_TEXT_ONE_LINE);
	g_autofree char *clean_name = printable_text_clean(name, true, PRINTABLE_TEXT_ONE_LINE);

	progress_clear(&job->progress);
	fprintf(stderr, "bouncectl intake: %s: %s\n", clean_name, clean);
	job->failed += exit_code != CTL_EXIT_OK;
	/* "try again" beats everything: it is the only one that loses nothing */
	if (job->exit_code != CTL_EXIT_TEMPFAIL)
		job->exit_code = exit_code;
	return false;
}

bool intake_mail_has_database(const struct intake_mail_job *job)
{
	return job->away < AWAY_MAX;
}

bool intake_mail_may_go_on(const struct intake_mail_job *job)
{
	return intake_mail_has_database(job) && !progress_is_interrupted();
}

/* --- a person ---------------------------------------------------------------------------- */

/* Where to: what record_report said, the parameter, or --operator. Heap; "" for nowhere. */
static char *operator_of(struct intake_mail_job *job, const struct db_record_result *result)
{
	const char *given = ctl_call_option(job->call, "operator");

	if (result->forward_to && *result->forward_to != '\0')
		return g_strdup(result->forward_to);
	g_autoptr(db_rows_t) rows =
	    ctl_connect_fetch(job->call, &operator_queries_operator_mailbox, NULL, NULL);
	const char *mailbox =
	    rows && db_rows_count(rows) == 1 ? db_rows_find(rows, 0, "operator_mailbox") : NULL;
	if (mailbox && *mailbox != '\0')
		return g_strdup(mailbox);
	return g_strdup(given ? given : "");
}

static bool print_recorded(struct intake_mail_job *job, struct intake_mail_item *item,
			   const struct db_record_result *result)
{
	g_autofree char *to = operator_of(job, result);
	g_autoptr(GError) error = NULL;
	const struct forward forward = {.program = ctl_call_option(job->call, "sendmail"),
					.to = to,
					.fields = {.class = result->class,
						   .reason = result->reason,
						   .bounce_id = result->bounce_id}};

	if (result->disposition == DB_QUEUE) {
		job->handed_on++;
		return true;
	}
	item->for_person = true;
	if (*to == '\0' && item->keeping != INTAKE_MAIL_KEEPS_NOTHING)
		return true; /* it stays where it is */
	if (*to == '\0')
		return intake_mail_fail(job, item->name, CTL_EXIT_TEMPFAIL,
					"a person must see this one: set the parameter "
					"operator_mailbox, or give --operator");
	if (!forward_mail(&forward, &item->place, &error))
		return intake_mail_fail(job, item->name, CTL_EXIT_TEMPFAIL, error->message);
	item->for_person = false;
	job->handed_on++;
	return true;
}

/* The database can never store it: a person gets it all the same. */
static bool hand_on_unrecorded(struct intake_mail_job *job, struct intake_mail_item *item,
			       const GError *error)
{
	char unclassified[] = "unclassified";
	char not_recorded[] = "not-recorded";
	char none[] = "";
	const struct db_record_result result = {
	    .class = unclassified, .reason = not_recorded, .bounce_id = none, .forward_to = none};

	intake_mail_fail(job, item->name, CTL_EXIT_OK, error->message);
	return print_recorded(job, item, &result);
}

static bool is_for_person(const struct intake_mail_item *item,
			  const struct db_record_result *result)
{
	/* an mbox comes again and again: once is enough */
	if (item->keeping == INTAKE_MAIL_KEEPS_ALL && result->is_duplicate)
		return false;
	return intake_is_for_person(result);
}

/* --- one mail ------------------------------------------------------------------------------ */

static void say_item(const struct intake_mail_job *job, const struct intake_mail_item *item,
		     const struct db_record_result *result)
{
	g_autoptr(JsonBuilder) builder = ctl_json_new();
	g_autoptr(GString) out = g_string_new(NULL);

	if (!job->json)
		return;
	ctl_json_string(builder, "name", item->name);
	ctl_json_string(builder, "class", result->class);
	ctl_json_string(builder, "reason", result->reason);
	ctl_json_string(builder, "disposition", db_record_disposition_name(result->disposition));
	ctl_json_integer(builder, "bounce_id", g_ascii_strtoll(result->bounce_id, NULL, 10));
	ctl_json_boolean(builder, "duplicate", result->is_duplicate);
	ctl_json_append(builder, out);
	output_write(out->str);
}

bool intake_mail_settle(struct intake_mail_job *job, struct intake_mail_item *item,
			const struct intake_mail *outcome)
{
	const struct db_record_result *result = &outcome->result;

	if (outcome->error && outcome->error->code == BM_ERROR_INPUT)
		return hand_on_unrecorded(job, item, outcome->error);
	if (outcome->error) {
		job->away++;
		return intake_mail_fail(job, item->name, CTL_EXIT_TEMPFAIL,
					outcome->error->message);
	}
	job->away = 0;
	job->taken++;
	job->known += result->is_duplicate;
	say_item(job, item, result);
	return !is_for_person(item, result) || print_recorded(job, item, result);
}
