/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Claim, send, settle. It asks the database every second instead of being notified: a COMMIT with a
 * NOTIFY would make sessions that record bounces wait for each other.
 *
 * While the receiver cannot be reached, one event tries it and the others are given back, so that
 * an outage costs one event an attempt at a time and not all of them.
 */
#include "delivery/webhook.h"

#include <string.h>

#include "base/log.h"
#include "db/outbox/events.h"
#include "delivery/rounds.h"
#include "delivery/signature.h"
#include "net/https.h"

enum {
	BATCH = 20,
	PAUSE_MAX = 30, /* seconds between two tries at a receiver or a database that is away */
	LEASE_SLACK = 60,
	HTTP_GONE = 410,
};

struct webhook {
	const struct delivery_settings *settings;
	struct db_events *events;
	struct rounds rounds;
};

/* The status, and 0 with the reason when there was none. */
static long post(const struct webhook *webhook, const struct db_event *event, char **secrets,
		 GError **error)
{
	const struct delivery_settings *settings = webhook->settings;
	g_autofree char *id = g_strdup_printf("evt_%s", event->id);
	g_autofree char *timestamp =
	    g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time() / G_USEC_PER_SEC);
	g_autofree char *signature = signature_make(secrets, id, timestamp, event->body);
	g_autofree char *id_header = g_strdup_printf("webhook-id: %s", id);
	g_autofree char *time_header = g_strdup_printf("webhook-timestamp: %s", timestamp);
	g_autofree char *signature_header = g_strdup_printf("webhook-signature: %s", signature);
	const char *const headers[] = {"Content-Type: application/json", id_header, time_header,
				       signature_header, NULL};
	const struct https_request request = {.url = settings->webhook_url,
					      .ca_file = settings->webhook_ca_file,
					      .form = event->body,
					      .headers = headers,
					      .wait = (unsigned)settings->webhook_wait,
					      .may_be_plain =
						  strcmp(settings->webhook_cleartext, "yes") == 0};
	long status = 0;
	g_autofree char *answer = https_post(&request, &status, error);

	return answer ? status : 0;
}

static const char *outcome_of(long status)
{
	if (status >= 200 && status < 300)
		return "taken";
	return status == HTTP_GONE ? "gone" : "failed";
}

/* Whether it is settled as taken. */
static bool send_event(const struct webhook *webhook, const struct db_event *event, char **secrets)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(GError) error = NULL;
	long status = post(webhook, event, secrets, &cause);
	const char *outcome = outcome_of(status);
	g_autofree char *response =
	    cause ? g_strdup(cause->message) : g_strdup_printf("HTTP status %ld", status);
	g_autofree char *quoted = log_quote(response);

	log_event(strcmp(outcome, "taken") == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "",
		  "event id=%s outcome=%s response=%s", event->id, outcome, quoted);
	if (!db_events_settle(webhook->events, event, outcome, response, &error)) {
		log_event(LOG_LEVEL_WARNING, "", "event %s is sent again: %s", event->id,
			  error->message);
		return false;
	}
	return strcmp(outcome, "taken") == 0;
}

/* Whether all of them were taken; after the first that was not, the rest is given back. */
static bool send_batch(const struct webhook *webhook, const GPtrArray *batch, char **secrets)
{
	const struct db_event *first = batch->pdata[0];
	g_autoptr(GError) error = NULL;
	bool is_well = true;

	for (guint i = 0; i < batch->len && is_well; i++) {
		if (rounds_are_stopping(&webhook->rounds))
			break;
		is_well = send_event(webhook, batch->pdata[i], secrets);
	}
	if (!db_events_release(webhook->events, first, &error))
		log_event(LOG_LEVEL_WARNING, "", "events not given back, their lease ends: %s",
			  error->message);
	return is_well;
}

/* The number of events that were sent; -1 when something stands against sending. */
static int make_round(void *data)
{
	const struct webhook *webhook = data;
	const struct delivery_settings *settings = webhook->settings;
	unsigned lease = BATCH * (unsigned)settings->webhook_wait + LEASE_SLACK;
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) secrets = signature_read_secrets(settings->webhook_secret_file, &error);
	g_autoptr(GPtrArray) batch =
	    secrets ? db_events_claim(webhook->events, BATCH, lease, &error) : NULL;

	if (!batch) {
		log_event(LOG_LEVEL_WARNING, "", "webhook: %s", error->message);
		return -1;
	}
	if (batch->len > 0 && !send_batch(webhook, batch, secrets))
		return -1;
	return (int)batch->len;
}

struct webhook *webhook_start(const struct delivery_settings *settings)
{
	if (*settings->webhook_url == '\0')
		return NULL;
	struct webhook *webhook = g_new0(struct webhook, 1);
	webhook->settings = settings;
	webhook->events =
	    db_events_new(settings->common.conninfo, (unsigned)settings->common.query_wait);
	webhook->rounds = (struct rounds){make_round, webhook, PAUSE_MAX, NULL, 0};
	rounds_start(&webhook->rounds, "webhook");
	return webhook;
}

void webhook_stop(struct webhook *webhook)
{
	if (!webhook)
		return;
	rounds_stop(&webhook->rounds);
	db_events_free(webhook->events);
	g_free(webhook);
}
