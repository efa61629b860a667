/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Claim, send, settle. It asks the database every second instead of being notified: a COMMIT with a
 * NOTIFY would make sessions that record bounces wait for each other.
 *
 * One event is sent at a time as long as the receiver answers. One without an answer soon gets the
 * next one beside it, so that some that the receiver hangs on do not keep the others waiting: where
 * another one is answered meanwhile, it is not away, and the event itself is what fails.
 *
 * While the receiver is away, one event tries it and the others are given back, so that an outage
 * costs one event an attempt at a time and not all of them. Where it says how long it wants to be
 * left alone (Retry-After), the database hands out nothing until then. An event that it refuses has
 * a pause of its own, and keeps no other waiting: of a communication only one is under way.
 */
#include "delivery/webhook.h"

#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "db/outbox/events.h"
#include "delivery/repeating_thread.h"
#include "delivery/webhook_signature.h"
#include "net/connection.h"
#include "net/https_pool.h"

enum {
	BATCH = 20,
	OPEN_MAX = 32,       /* events without an answer at a time */
	PATIENCE_SHARE = 30, /* of the time for an answer, until the next event begins */
	PATIENCE_MIN = G_USEC_PER_SEC / 2,
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
	AWAY,    /* the receiver: no event can do better */
};

struct webhook {
	const struct delivery_settings *settings;
	struct db_events *events;
	struct https_pool *pool;
	struct repeating_thread thread;
	bool is_away;       /* the receiver, or the database */
	gint64 answered_at; /* the last time that the receiver decided on an event; monotonic */
	unsigned refused;   /* by an answer, in a row */
	gint is_over;       /* atomic: we have to stop, and nobody waits for an answer any more */
	char **secrets;     /* NULL: the file could not be read */
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
	webhook->is_fault_told = error;
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
	webhook->secrets = webhook_signature_read_secrets(path, &error);
	webhook->secret_file = now;
	tell_of_secrets(webhook, error);
	return webhook->secrets;
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

/* --- what is under way -------------------------------------------------------------------- */

struct attempt {
	struct https_pool_post post;
	GPtrArray *batch; /* keeps the event */
	const struct db_event *event;
	char **headers;
};

static void attempt_free(struct attempt *attempt)
{
	g_ptr_array_unref(attempt->batch);
	g_strfreev(attempt->headers);
	g_clear_error(&attempt->post.error);
	g_free(attempt);
}

static bool must_end(void *context)
{
	struct webhook *webhook = context;

	return g_atomic_int_get(&webhook->is_over) != 0;
}

static void begin_post(struct webhook *webhook, GPtrArray *batch, guint i)
{
	const struct delivery_settings *settings = webhook->settings;
	struct attempt *attempt = g_new0(struct attempt, 1);
	const struct db_event *event = batch->pdata[i];
	g_autofree char *id = g_strdup_printf("evt_%s", event->id);

	attempt->batch = g_ptr_array_ref(batch);
	attempt->event = event;
	attempt->headers = webhook_signature_headers(
	    webhook->secrets, id, g_get_real_time() / G_USEC_PER_SEC, event->body);
	attempt->post.owner = attempt;
	attempt->post.request =
	    (struct https_request){.url = settings->webhook_url,
				   .ca_file = settings->webhook_ca_file,
				   .form = event->body,
				   .headers = (const char *const *)attempt->headers,
				   .wait = (unsigned)settings->webhook_wait,
				   .may_be_plain = strcmp(settings->webhook_cleartext, "yes") == 0,
				   .must_end = must_end,
				   .context = webhook};
	https_pool_begin(webhook->pool, &attempt->post);
}

static enum result judge_answer(struct webhook *webhook, const struct https_pool_post *post)
{
	enum result result = result_of(post->answer.status);

	if (result != AWAY)
		webhook->answered_at = MAX(webhook->answered_at, post->ended);
	else if (post->answer.status == 0 && post->began < webhook->answered_at)
		return REFUSED;
	webhook->is_away = result == AWAY;
	return result;
}

/* As bounce.settle_event() names it. */
static const char *outcome_name(enum result result, long status)
{
	if (result == TAKEN)
		return "taken";
	return status == HTTP_GONE ? "gone" : "failed";
}

/* This one, and those after it that were claimed with it. */
static void give_back(struct webhook *webhook, const struct db_event *event)
{
	g_autoptr(GError) error = NULL;

	if (!db_events_release(webhook->events, event, &error))
		log_event(LOG_LEVEL_WARNING, "", "events not given back, their lease ends: %s",
			  error->message);
}

static void settle_attempt(struct webhook *webhook, const struct attempt *attempt)
{
	const struct https_pool_post *post = &attempt->post;
	const struct https_answer *answer = &post->answer;
	const struct db_event *event = attempt->event;
	enum result result = judge_answer(webhook, post);
	g_autofree char *response = post->error
					? g_strdup(post->error->message)
					: g_strdup_printf("HTTP status %ld", answer->status);
	const struct db_event_outcome outcome = {.name = outcome_name(result, answer->status),
						 .response = response,
						 .pause = result == AWAY ? answer->retry_after : 0};
	g_autofree char *quoted = log_quote(response);
	g_autoptr(GError) error = NULL;

	if (answer->status != 0)
		webhook->refused = result == REFUSED ? webhook->refused + 1 : 0;
	log_event(result == TAKEN ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "",
		  "event id=%s outcome=%s response=%s retry_after=%u", event->id, outcome.name,
		  quoted, outcome.pause);
	if (!db_events_settle(webhook->events, event, &outcome, &error)) {
		log_event(LOG_LEVEL_WARNING, "", "event %s is sent again: %s", event->id,
			  error->message);
		webhook->is_away = true;
	}
}

static void end_attempt(struct webhook *webhook, struct attempt *attempt)
{
	if (attempt->post.answer.status == 0 && must_end(webhook))
		give_back(webhook, attempt->event); /* our stop is no fault of the receiver's */
	else
		settle_attempt(webhook, attempt);
	attempt_free(attempt);
}

/* Settles what has ended, and waits so long for one that does. */
static void await_transfers(struct webhook *webhook, guint64 microseconds)
{
	struct https_pool_post *post = https_pool_await(webhook->pool, microseconds);

	while (post) {
		end_attempt(webhook, post->owner);
		post = https_pool_await(webhook->pool, 0);
	}
}

static bool may_begin(const struct webhook *webhook)
{
	unsigned max = webhook->is_away ? 1 : OPEN_MAX;

	return https_pool_open(webhook->pool) < max && webhook->refused < BATCH &&
	       !repeating_thread_is_stopping(&webhook->thread);
}

/* --- a round ------------------------------------------------------------------------------ */

/* What is not tried is given back. */
static void send_batch(struct webhook *webhook, GPtrArray *batch)
{
	guint64 share = (guint64)webhook->settings->webhook_wait * G_USEC_PER_SEC / PATIENCE_SHARE;
	guint i = 0;

	do {
		begin_post(webhook, batch, i++);
		await_transfers(webhook, MAX(share, PATIENCE_MIN));
	} while (i < batch->len && !webhook->is_away && may_begin(webhook));
	if (i < batch->len)
		give_back(webhook, batch->pdata[i]);
}

/* The number of events that were claimed; -1: it cannot be done. */
static int claim_and_send(struct webhook *webhook)
{
	unsigned lease = BATCH * (unsigned)webhook->settings->webhook_wait + LEASE_SLACK;
	g_autoptr(GError) error = NULL;

	if (!refresh_secrets(webhook)) /* before anything is claimed */
		return -1;
	g_autoptr(GPtrArray) batch = db_events_claim(webhook->events, BATCH, lease, &error);
	if (!batch) {
		log_event(LOG_LEVEL_WARNING, "", "webhook: %s", error->message);
		return -1;
	}
	if (batch->len > 0)
		send_batch(webhook, batch);
	return (int)batch->len;
}

/* -1 when somebody is away, or as many as a batch has were refused in a row; not before all that
 * is under way has ended. */
static int make_round(void *data)
{
	struct webhook *webhook = data;
	int done = may_begin(webhook) ? claim_and_send(webhook) : 0;

	if (https_pool_open(webhook->pool) > 0 && done <= 0) {
		await_transfers(webhook, G_USEC_PER_SEC);
		done = 1;
	}
	if (https_pool_open(webhook->pool) > 0)
		return 1;
	if (webhook->refused >= BATCH) {
		webhook->refused = 0;
		return -1;
	}
	return webhook->is_away && done > 0 ? -1 : done;
}

struct webhook *webhook_start(const struct delivery_settings *settings)
{
	if (*settings->webhook_url == '\0')
		return NULL;
	struct webhook *webhook = g_new0(struct webhook, 1);
	webhook->settings = settings;
	webhook->events =
	    db_events_new(settings->common.conninfo, (unsigned)settings->common.query_wait);
	webhook->pool = https_pool_new(OPEN_MAX);
	webhook->thread = (struct repeating_thread){make_round, webhook, PAUSE_MAX, NULL, 0};
	repeating_thread_start(&webhook->thread, "webhook");
	return webhook;
}

void webhook_stop(struct webhook *webhook)
{
	if (!webhook)
		return;
	repeating_thread_stop(&webhook->thread);
	gint64 until = connection_deadline(CONNECTION_STOP_WAIT);
	while (https_pool_open(webhook->pool) > 0) {
		g_atomic_int_set(&webhook->is_over, g_get_monotonic_time() >= until);
		await_transfers(webhook, G_USEC_PER_SEC);
	}
	https_pool_free(webhook->pool);
	db_events_free(webhook->events);
	g_strfreev(webhook->secrets);
	g_free(webhook);
}
