/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Parse, classify, record: messages of many threads, or several of one.
 */
#include "intake/intake.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/rules/live_ruleset.h"
#include "classifier/verdict/classify.h"
#include "classifier/verdict/document.h"
#include "db/group_commit.h"

struct intake {
	struct live_ruleset *rules;
	struct db_pool *pool;
	struct db_group_commit *group_commit;
	struct limits limits;
	struct intake_times times;
};

struct intake *intake_new(struct ruleset *rules, struct db_pool *pool, const struct limits *limits)
{
	struct intake *intake = g_new0(struct intake, 1);

	intake->rules = live_ruleset_new(rules);
	intake->pool = pool;
	intake->group_commit = db_group_commit_new(pool);
	intake->limits = *limits;
	return intake;
}

void intake_free(struct intake *intake)
{
	if (!intake)
		return;
	live_ruleset_free(intake->rules);
	db_group_commit_free(intake->group_commit);
	g_free(intake);
}

struct live_ruleset *intake_rules(const struct intake *intake)
{
	return intake->rules;
}

/* One line for each recipient, so that "what happened to X" is one grep. The class is
 * logged when it is recorded: the database decides on it. */
static void log_verdicts(const char *queue_id, const struct report *report,
			 const struct verdict *verdicts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *address =
		    report->recipient_count == 0 ? "" : report->recipients[i].recipient;
		const char *status =
		    report->recipient_count == 0 ? "" : report->recipients[i].status;
		g_autofree char *recipient = log_quote(address);
		g_autofree char *evidence = log_quote(verdicts[i].evidence);

		log_event(LOG_LEVEL_INFO, queue_id,
			  "verdict kind=%s recipient=%s status=%s reason=%s permanence=%s rule=%s "
			  "evidence=%s",
			  report_kind_name(report->kind), recipient, status,
			  verdicts[i].reason->name, permanence_name(verdicts[i].permanence),
			  verdicts[i].rule, evidence);
	}
}

/* What is known of one message; verdicts has one for each recipient, or one. */
struct reading {
	struct report *report;
	struct verdict *verdicts;
	size_t count;
};

/* What our own MTA reports is that it could not deliver a mail, and to whom. Anybody can let it
 * return a mail whose content is a report about somebody else: that one is not followed, because
 * it would be believed as ours. */
static struct limits limits_for(const struct limits *limits, const struct envelope *envelope)
{
	struct limits own = *limits;

	if (envelope->own_mta)
		own.nested_reports = 0;
	return own;
}

static struct reading read_bounce(const struct ruleset *rules, const struct limits *limits,
				  const struct envelope *envelope, const char *bytes, size_t len)
{
	const struct limits bounds = limits_for(limits, envelope);
	struct report *report = reader_parse(bytes, len, &bounds);
	size_t count = MAX(report->recipient_count, 1);
	const struct reading reading = {report, g_new0(struct verdict, count), count};

	for (size_t i = 0; i < count; i++)
		classify(rules, report,
			 report->recipient_count == 0 ? NULL : &report->recipients[i],
			 &reading.verdicts[i]);
	return reading;
}

/* Our own MTA tried the recipients that its report writes, to the letter. One that was made of
 * that, or read in its words, is whoever the author of the mail wanted. */
static char *build_document(const struct reading *reading, const struct envelope *envelope)
{
	struct envelope believed = *envelope;

	believed.own_mta &= reading->report->is_literal;
	return document_build(reading->report, reading->verdicts, &believed);
}

static void reading_clear(struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		verdict_clear(&reading->verdicts[i]);
	g_free(reading->verdicts);
	report_free(reading->report);
}

char *intake_document(const struct ruleset *rules, const struct limits *limits,
		      const struct envelope *envelope, const char *bytes, size_t len)
{
	struct reading reading = read_bounce(rules, limits, envelope, bytes, len);
	char *document = build_document(&reading, envelope);

	reading_clear(&reading);
	return document;
}

/* The document for the database, and what it says in the log. */
static char *describe(struct intake *intake, const struct envelope *envelope, const char *bytes,
		      size_t len)
{
	g_autoptr(live_ruleset_use_t) use = live_ruleset_acquire(intake->rules);
	struct reading reading = read_bounce(use->rules, &intake->limits, envelope, bytes, len);

	log_verdicts(envelope->queue_id, reading.report, reading.verdicts, reading.count);
	char *document = build_document(&reading, envelope);
	reading_clear(&reading);
	return document;
}

/* The communication is the number that bouncectl show takes. */
static void log_recorded(const struct envelope *envelope, const struct db_record_result *result)
{
	g_autofree char *forward_to = log_quote(result->forward_to);
	g_autofree char *consequence = log_quote(result->consequence);

	log_event(LOG_LEVEL_INFO, envelope->queue_id,
		  "recorded communication=%s bounce=%s class=%s reason=%s trust=%s consequence=%s "
		  "task=%s duplicate=%s disposition=%s forward_to=%s own_mta=%s",
		  *result->communication_id ? result->communication_id : "none", result->bounce_id,
		  result->class, result->reason, *result->trust ? result->trust : "none",
		  consequence, *result->task_id ? result->task_id : "none",
		  result->is_duplicate ? "yes" : "no",
		  db_record_disposition_name(result->disposition), forward_to,
		  envelope->own_mta ? "yes" : "no");
}

/* The report of a message, as far as it is read. */
static struct db_report report_of(struct intake *intake, const struct intake_mail *mail,
				  char **document_out)
{
	size_t max = intake->limits.message_bytes;

	*document_out = describe(intake, mail->envelope, mail->bytes, MIN(mail->len, max + 1));
	return (struct db_report){
	    .document = *document_out, .raw = mail->bytes, .raw_len = MIN(mail->len, max)};
}

bool intake_process(struct intake *intake, const struct envelope *envelope, const char *bytes,
		    size_t len, struct db_record_result *result_out, GError **error)
{
	const struct intake_mail mail = {.envelope = envelope, .bytes = bytes, .len = len};
	gint64 begin = g_get_monotonic_time();
	g_autofree char *document = NULL;
	const struct db_report report = report_of(intake, &mail, &document);
	gint64 described = g_get_monotonic_time();
	bool recorded = db_group_commit_record(intake->group_commit, &report, result_out, error);

	prometheus_text_histogram_add(&intake->times.reading, described - begin);
	prometheus_text_histogram_add(&intake->times.recording, g_get_monotonic_time() - described);
	if (recorded)
		log_recorded(envelope, result_out);
	return recorded;
}

static void record_free(void *data)
{
	struct db_record *record = data;

	g_free((char *)record->report.document);
	g_free(record);
}

/* The records of mails, in their order. */
static GPtrArray *read_mails(struct intake *intake, const GPtrArray *mails)
{
	GPtrArray *records = g_ptr_array_new_with_free_func(record_free);

	for (guint i = 0; i < mails->len; i++) {
		struct db_record *record = g_new0(struct db_record, 1);
		gint64 begin = g_get_monotonic_time();
		char *document;

		record->report = report_of(intake, mails->pdata[i], &document);
		prometheus_text_histogram_add(&intake->times.reading,
					      g_get_monotonic_time() - begin);
		g_ptr_array_add(records, record);
	}
	return records;
}

void intake_process_all(struct intake *intake, GPtrArray *mails)
{
	g_autoptr(GPtrArray) records = read_mails(intake, mails);
	gint64 begin = g_get_monotonic_time();

	db_record_reports(intake->pool, records);
	for (guint i = 0; i < mails->len; i++) {
		const struct db_record *record = records->pdata[i];
		struct intake_mail *mail = mails->pdata[i];

		mail->result = record->result;
		mail->error = record->error;
		prometheus_text_histogram_add(&intake->times.recording,
					      g_get_monotonic_time() - begin);
		if (!mail->error)
			log_recorded(mail->envelope, &mail->result);
	}
}

const struct intake_times *intake_times(const struct intake *intake)
{
	return &intake->times;
}

bool intake_is_for_person(const struct db_record_result *result)
{
	return result->disposition == DB_FORWARD || result->disposition == DB_QUEUE ||
	       (result->disposition == DB_DELIVER && strcmp(result->class, "unclassified") == 0);
}
