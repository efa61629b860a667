/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Claim, send, settle. It asks the database every second instead of being notified: a COMMIT with a
 * NOTIFY would make sessions that record bounces wait for each other.
 *
 * While the receiver is away, one event tries it and the others are given back, so that an outage
 * costs one event an attempt at a time and not all of them. An event that it refuses has a pause of
 * its own, and keeps no other waiting: of a communication only one is in a batch.
 */
#include "delivery/webhook.h"

#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "db/outbox/events.h"
#include "delivery/rounds.h"
#include "delivery/signature.h"
#include "net/https.h"

enum {
	BATCH = 20,
	PAUSE_MAX = 30, /* seconds between two tries at a receiver or a database that is away */
	LEASE_SLACK = 60,
	HTTP_REQUEST_TIMEOUT = 408,
	HTTP_GONE = 410,
	HTTP_TOO_EARLY = 425,
	HTTP_TOO_MANY_REQUESTS = 429,
	HTTP_BAD_GATEWAY = 502,
	HTTP_UNAVAILABLE = 503,
	HTTP_GATEWAY_TIMEOUT = 504,
};

enum result {
	TAKEN,
	REFUSED, /* this event; the next may do better */
	AWAY,    /* the receiver or the database: no event can do better */
};

struct webhook {
	const struct delivery_settings *settings;
	struct db_events *events;
	struct rounds rounds;
	char **secrets;          /* NULL: the file could not be read */
	struct stat secret_file; /* as it was when they were read */
	bool is_fault_told;
};

/* A change of the text or of the rights moves the inode's own time. */
static bool is_unchanged(const struct stat *was, const struct stat *is)
{
	return was->st_dev == is->st_dev && was->st_ino == is->st_ino &&
	       was->st_size == is->st_size && was->st_ctim.tv_sec == is->st_ctim.tv_sec &&
	       was->st_ctim.tv_nsec == is->st_ctim.tv_nsec;
}

/* A fault is told once, not in each round until it is mended. */
static void tell_of_secrets(struct webhook *webhook, const GError *error)
{
	if (!error)
		log_event(LOG_LEVEL_INFO, "", "webhook: %s was read, with %u secrets",
			  webhook->settings->webhook_secret_file, g_strv_length(webhook->secrets));
	else if (!webhook->is_fault_told)
		log_event(LOG_LEVEL_WARNING, "", "webhook: no event is sent: %s", error->message);
	webhook->is_fault_told = error != NULL;
}

/* Reads the file when it is another one than before. False: there is no secret to sign with. */
static bool refresh_secrets(struct webhook *webhook)
{
	const char *path = webhook->settings->webhook_secret_file;
	struct stat now = {0}; /* before it is read: a change meanwhile is seen in the next round */
	bool is_there = stat(path, &now) == 0;
	g_autoptr(GError) error = NULL;

	if (webhook->secrets && is_there && is_unchanged(&webhook->secret_file, &now))
		return true;
	g_strfreev(webhook->secrets);
	webhook->secrets = signature_read_secrets(path, &error);
	webhook->secret_file = now;
	tell_of_secrets(webhook, error);
	return webhook->secrets;
}

/* The status, and 0 with the reason when there was none. */
static long post(const struct webhook *webhook, const struct db_event *event, GError **error)
{
	const struct delivery_settings *settings = webhook->settings;
	g_autofree char *id = g_strdup_printf("evt_%s", event->id);
	g_autofree char *timestamp =
	    g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time() / G_USEC_PER_SEC);
	g_autofree char *signature = signature_make(webhook->secrets, id, timestamp, event->body);
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

/* 0: there was no answer. RFC 9110, sections 15.5 and 15.6; RFC 6585, section 4. */
static enum result result_of(long status)
{
	switch (status) {
	case 0:
	case HTTP_REQUEST_TIMEOUT:
	case HTTP_TOO_EARLY:
	case HTTP_TOO_MANY_REQUESTS:
	case HTTP_BAD_GATEWAY:
	case HTTP_UNAVAILABLE:
	case HTTP_GATEWAY_TIMEOUT:
		return AWAY;
	default:
		return status >= 200 && status < 300 ? TAKEN : REFUSED;
	}
}

static enum result send_event(const struct webhook *webhook, const struct db_event *event)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(GError) error = NULL;
	long status = post(webhook, event, &cause);
	enum result result = result_of(status);
	const char *outcome = result == TAKEN ? "taken" : status == HTTP_GONE ? "gone" : "failed";
	g_autofree char *response =
	    cause ? g_strdup(cause->message) : g_strdup_printf("HTTP status %ld", status);
	g_autofree char *quoted = log_quote(response);

	log_event(result == TAKEN ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "",
		  "event id=%s outcome=%s response=%s", event->id, outcome, quoted);
	if (!db_events_settle(webhook->events, event, outcome, response, &error)) {
		log_event(LOG_LEVEL_WARNING, "", "event %s is sent again: %s", event->id,
			  error->message);
		return AWAY;
	}
	return result;
}

/* The number of events that were tried; -1 when something stands against sending: somebody is away,
 * or a whole batch was refused. What was not tried is given back. */
static int send_batch(const struct webhook *webhook, const GPtrArray *batch)
{
	const struct db_event *first = batch->pdata[0];
	g_autoptr(GError) error = NULL;
	enum result result = TAKEN;
	guint refused = 0;
	guint i = 0;

	while (i < batch->len && result != AWAY && !rounds_are_stopping(&webhook->rounds)) {
		result = send_event(webhook, batch->pdata[i++]);
		refused += result == REFUSED ? 1 : 0;
	}
	if (!db_events_release(webhook->events, first, &error))
		log_event(LOG_LEVEL_WARNING, "", "events not given back, their lease ends: %s",
			  error->message);
	return result == AWAY || refused == BATCH ? -1 : (int)i;
}

/* As send_batch(). */
static int make_round(void *data)
{
	struct webhook *webhook = data;
	unsigned lease = BATCH * (unsigned)webhook->settings->webhook_wait + LEASE_SLACK;
	g_autoptr(GError) error = NULL;

	if (!refresh_secrets(webhook)) /* before anything is claimed */
		return -1;
	g_autoptr(GPtrArray) batch = db_events_claim(webhook->events, BATCH, lease, &error);
	if (!batch) {
		log_event(LOG_LEVEL_WARNING, "", "webhook: %s", error->message);
		return -1;
	}
	return batch->len > 0 ? send_batch(webhook, batch) : 0;
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
	g_strfreev(webhook->secrets);
	g_free(webhook);
}
