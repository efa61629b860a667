/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Claim, send, settle, one at a time: there are at most operator_max_per_hour of them. While the
 * server cannot be used, one tries it, at growing pauses.
 */
#include "delivery/copies.h"

#include <string.h>

#include "base/log.h"
#include "db/outbox/copies.h"
#include "delivery/copy_settings.h"
#include "delivery/message/compose.h"
#include "delivery/outcome/outcome.h"
#include "delivery/repeating_thread.h"
#include "delivery/smtp/client.h"
#include "delivery/smtp/session.h"

enum {
	PAUSE_MAX = 60, /* seconds between two tries at a server or a database that is away */
	STOP_WAIT = 30, /* seconds in which an outcome is settled at stop */
	LEASE_SLACK = 60,
};

struct copies {
	const struct delivery_settings *settings;
	struct smtp_settings smtp;
	struct smtp_client *client;
	struct db_copies *queue;
	struct live_ruleset *rules;
	struct repeating_thread thread;
};

/* Longer than the dialogue may take, so that nobody else sends the same meanwhile. */
static unsigned lease_seconds(const struct smtp_settings *smtp)
{
	enum { ADDRESSES = 4, COMMANDS = 8, BLOCKS = 4 };

	return (unsigned)(ADDRESSES * smtp->connect_wait + smtp->greeting_wait +
			  COMMANDS * smtp->envelope_wait + smtp->data_wait +
			  BLOCKS * smtp->transfer_wait + smtp->reply_wait) +
	       LEASE_SLACK;
}

/* --- one copy ------------------------------------------------------------------------------ */

struct sending {
	const struct copies *copies;
	const struct db_copy *copy;
	const char *outcome;
	char *response;
	bool was_begun;
};

static GBytes *begin_copy(void *context, size_t index)
{
	struct sending *sending = context;
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();

	(void)index;
	sending->was_begun = true;
	return compose_copy(sending->copy, copy_settings_sender(&sending->copies->settings->copies),
			    now);
}

static const char *outcome_for(const struct sending *sending, const struct smtp_result *result,
			       enum outcome outcome)
{
	static const char *const names[] = {[OUTCOME_ACCEPTED] = "sent",
					    [OUTCOME_REJECTED] = "refused",
					    [OUTCOME_PENDING] = "failed",
					    [OUTCOME_UNKNOWN] = "unknown"};

	struct smtp_reply reply = {.text = ""};
	char *recipients[] = {sending->copy->address, NULL};
	const struct db_item item = {.addresses = recipients};

	if (outcome != OUTCOME_REJECTED)
		return names[outcome];
	g_autoptr(live_ruleset_use_t) use = live_ruleset_acquire(sending->copies->rules);
	/* what says nothing of this copy or its recipient is no fault of theirs */
	return outcome_blame(use->rules, sending->copies->smtp.server, &item, result, &reply) ==
		       BLAME_MAIL
		   ? names[outcome]
		   : "failed";
}

static void end_copy(void *context, size_t index, const struct smtp_result *result)
{
	struct sending *sending = context;
	struct smtp_reply reply = {.text = ""};
	enum outcome outcome = outcome_of(result, 0, &reply);

	(void)index;
	sending->outcome = outcome_for(sending, result, outcome);
	g_free(sending->response);
	sending->response = reply.code == 0 ? g_strdup(result->fault) : outcome_line(&reply);
}

/* The connection broke before the server had replied to anything: it is the server's fault. */
static void send_claimed_copies(struct sending *sending)
{
	const struct copies *copies = sending->copies;
	char *recipients[] = {sending->copy->address};
	const struct smtp_transaction transaction = {
	    .sender = copy_settings_sender(&copies->settings->copies),
	    .recipients = recipients,
	    .recipient_count = 1,
	    .envelope_id = sending->copy->bounce_id,
	    .size_estimate = sending->copy->raw_len};
	const struct smtp_handler handler = {
	    .begin = begin_copy, .end = end_copy, .context = sending};
	g_autofree char *problem = smtp_session_run(copies->client, &transaction, 1, &handler);

	if (sending->outcome)
		return;
	sending->outcome = sending->was_begun ? "unknown" : "failed";
	sending->response = g_strdup(problem ? problem : "no reply");
}

/* An outcome that is thrown away is a copy that is sent twice. */
static void settle_copies(const struct sending *sending)
{
	const struct copies *copies = sending->copies;
	gint64 until = 0;

	for (unsigned delay = 1;; delay = MIN(delay * 2, PAUSE_MAX)) {
		g_autoptr(GError) error = NULL;

		if (db_copies_settle(copies->queue, sending->copy, sending->outcome,
				     sending->response, &error))
			return;
		log_event(LOG_LEVEL_WARNING, "", "copy of bounce %s is %s, and not settled: %s",
			  sending->copy->bounce_id, sending->outcome, error->message);
		if (repeating_thread_is_stopping(&copies->thread) && until == 0)
			until = g_get_monotonic_time() + (gint64)STOP_WAIT * G_USEC_PER_SEC;
		if (until != 0 && g_get_monotonic_time() > until)
			return; /* its lease ends, and it may be sent again */
		g_usleep((gulong)delay * G_USEC_PER_SEC);
	}
}

/* The number of copies that were sent; -1 when something stands against sending. */
static int make_round(void *data)
{
	const struct copies *copies = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(db_copy_t) copy = NULL;

	if (!db_copies_claim(copies->queue, lease_seconds(&copies->smtp), &copy, &error)) {
		log_event(LOG_LEVEL_WARNING, "", "copies: %s", error->message);
		return -1;
	}
	if (!copy)
		return 0;
	struct sending sending = {.copies = copies, .copy = copy};
	send_claimed_copies(&sending);
	bool is_sent = strcmp(sending.outcome, "sent") == 0;
	g_autofree char *address = log_quote(copy->address);
	g_autofree char *response = log_quote(sending.response);
	log_event(is_sent ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "",
		  "copy bounce=%s to=%s server=%s outcome=%s response=%s", copy->bounce_id, address,
		  copies->smtp.server, sending.outcome, response);
	settle_copies(&sending);
	g_free(sending.response);
	return is_sent ? 1 : -1;
}

/* --- life ------------------------------------------------------------------------------------ */

struct copies *copies_new(const struct delivery_settings *settings, GError **error)
{
	if (!copy_settings_is_on(&settings->copies))
		return NULL;
	struct copies *copies = g_new0(struct copies, 1);
	copies->settings = settings;
	copies->thread = (struct repeating_thread){make_round, copies, PAUSE_MAX, NULL, 0};
	copies->smtp = copy_settings_smtp(&settings->copies, &settings->smtp);
	copies->queue =
	    db_copies_new(settings->common.conninfo, (unsigned)settings->common.query_wait);
	copies->client = smtp_client_new(&copies->smtp, error);
	if (copies->client)
		return copies;
	copies_free(copies);
	return NULL;
}

char *copies_try_server(const struct copies *copies)
{
	const struct smtp_handler handler = {0};

	return smtp_session_run(copies->client, NULL, 0, &handler);
}

void copies_start(struct copies *copies, struct live_ruleset *rules)
{
	if (!copies)
		return;
	copies->rules = rules;
	repeating_thread_start(&copies->thread, "copies");
}

void copies_stop(struct copies *copies)
{
	if (!copies)
		return;
	smtp_client_stop(copies->client);
	repeating_thread_stop(&copies->thread);
}

void copies_free(struct copies *copies)
{
	if (!copies)
		return;
	smtp_client_free(copies->client);
	db_copies_free(copies->queue);
	g_free(copies->smtp.server);
	g_free(copies);
}
