/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Claim, deliver, release; and the keeper beside it.
 */
#include "delivery/workers.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "db/queue.h"
#include "delivery/claim.h"
#include "delivery/repeating_thread.h"

enum {
	DATABASE_DELAY_MAX = 15, /* seconds between two tries to reach the database */
	KEEPER_SLACK = 60,       /* seconds beside its queries that a round may take */
};

struct worker {
	struct workers *workers;
	struct db_queue *queue;
	GThread *thread;
	char *claim_id; /* under workers->lock; NULL: none */
};

struct ended_claim {
	char *id;
	char *why; /* as db_queue_release wants it */
};

struct workers {
	const struct delivery_settings *settings;
	const struct smtp_client *client;
	struct live_ruleset *rules;
	struct refusals *refusals;
	int stop_fd;
	gint is_stopping;
	gint kept_at; /* atomic: monotonic second of the keeper's last round */
	GMutex lock;
	GQueue ended; /* under lock: struct ended_claim, for the keeper */
	GCond any_ended;
	struct worker *list; /* the last one sends what is urgent, and nothing else */
	struct worker keeper;
};

static bool is_stopping(const struct workers *workers)
{
	return g_atomic_int_get(&workers->is_stopping) != 0;
}

static long worker_count(const struct workers *workers)
{
	return workers->settings->workers + 1;
}

/* --- one claim ---------------------------------------------------------------------------- */

static void note_claim(struct worker *worker, const char *claim_id)
{
	g_mutex_lock(&worker->workers->lock);
	worker->claim_id = g_strdup(claim_id);
	g_mutex_unlock(&worker->workers->lock);
}

static void report_problem(struct worker *worker, const char *problem)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = log_quote(problem);

	log_event(LOG_LEVEL_ERROR, "", "submission server %s: %s",
		  worker->workers->settings->smtp.server, text);
	if (!db_queue_problem(worker->queue, problem, &error))
		log_event(LOG_LEVEL_ERROR, "", "%s", error->message);
}

static void ended_claim_free(void *data)
{
	struct ended_claim *claim = data;

	g_free(claim->id);
	g_free(claim->why);
	g_free(claim);
}

/* Leaves the rest to the keeper: the next claim need not wait for what follows from this one. */
static void end_claim(struct worker *worker, const char *why)
{
	struct ended_claim *claim = g_new0(struct ended_claim, 1);

	claim->why = g_strdup(why);
	g_mutex_lock(&worker->workers->lock);
	claim->id = g_steal_pointer(&worker->claim_id);
	g_queue_push_tail(&worker->workers->ended, claim);
	g_cond_signal(&worker->workers->any_ended);
	g_mutex_unlock(&worker->workers->lock);
}

static void deliver_items(struct worker *worker, GPtrArray *items)
{
	struct workers *workers = worker->workers;
	g_autoptr(live_ruleset_use_t) use = live_ruleset_acquire(workers->rules);
	const struct claim_context context = {.queue = worker->queue,
					      .client = workers->client,
					      .rules = use->rules,
					      .server = workers->settings->smtp.server,
					      .refusals = workers->refusals,
					      .is_stopping = &workers->is_stopping};

	note_claim(worker, ((const struct db_item *)items->pdata[0])->claim_id);
	g_autofree char *problem = claim_deliver(&context, items);
	if (problem)
		report_problem(worker, problem);
	end_claim(worker, problem ? problem : "");
}

static void *worker_main(void *data)
{
	struct worker *worker = data;
	struct workers *workers = worker->workers;
	unsigned delay = 1;

	while (!is_stopping(workers)) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) items =
		    db_queue_claim(worker->queue, (unsigned)workers->settings->batch, &error);

		if (!items) {
			log_event(LOG_LEVEL_WARNING, "", "%s; next try in %u s", error->message,
				  delay);
			repeating_thread_pause(&workers->is_stopping, delay);
			delay = MIN(delay * 2, DATABASE_DELAY_MAX);
			continue;
		}
		delay = 1;
		if (items->len > 0)
			deliver_items(worker, items);
		else
			db_queue_wait(worker->queue, workers->stop_fd,
				      (unsigned)workers->settings->poll_interval);
	}
	return NULL;
}

/* --- the keeper ------------------------------------------------------------------------------ */

/* Those of all workers now; NULL-terminated, or NULL when there are none. */
static char **current_claims(struct workers *workers)
{
	g_autoptr(GStrvBuilder) claims = g_strv_builder_new();

	g_mutex_lock(&workers->lock);
	for (long i = 0; i < worker_count(workers); i++)
		if (workers->list[i].claim_id)
			g_strv_builder_add(claims, workers->list[i].claim_id);
	g_mutex_unlock(&workers->lock);
	g_auto(GStrv) list = g_strv_builder_end(claims);
	return *list ? g_steal_pointer(&list) : NULL;
}

static void tend_claims(struct workers *workers, bool should_renew)
{
	struct db_queue *queue = workers->keeper.queue;
	g_auto(GStrv) claims = current_claims(workers);
	g_autoptr(GError) error = NULL;

	if (!claims)
		return;
	if (!db_queue_settle_noted(queue, (const char *const *)claims, &error)) {
		log_event(LOG_LEVEL_WARNING, "", "not settled yet: %s", error->message);
		g_clear_error(&error);
	}
	if (should_renew && !db_queue_renew(queue, (const char *const *)claims, &error))
		log_event(LOG_LEVEL_WARNING, "", "leases not renewed: %s", error->message);
}

static gint monotonic_second(void)
{
	return (gint)(g_get_monotonic_time() / G_USEC_PER_SEC);
}

static void sweep(struct workers *workers, unsigned *lease)
{
	g_autoptr(GError) error = NULL;
	unsigned swept = 0;

	if (!db_queue_sweep(workers->keeper.queue, &swept, lease, &error))
		log_event(LOG_LEVEL_WARNING, "", "not swept: %s", error->message);
	if (swept > 0)
		log_event(LOG_LEVEL_WARNING, "", "swept %u communications of workers that are gone",
			  swept);
}

/* Settles what was noted in it, and gives back the rest. False: the database is away. */
static bool release(struct workers *workers, const struct ended_claim *claim)
{
	g_autoptr(GError) error = NULL;

	if (db_queue_release(workers->keeper.queue, claim->id, claim->why, &error))
		return true;
	log_event(LOG_LEVEL_WARNING, claim->id,
		  "not given back; if we cannot, the sweeper will: %s", error->message);
	return error->code != BM_ERROR_RETRY && error->code != BM_ERROR_UNCERTAIN;
}

static struct ended_claim *next_ended(struct workers *workers)
{
	g_mutex_lock(&workers->lock);
	struct ended_claim *claim = g_queue_pop_head(&workers->ended);
	g_mutex_unlock(&workers->lock);
	return claim;
}

/* False: the database is away; they stay. */
static bool release_ended_claims(struct workers *workers)
{
	struct ended_claim *claim;

	while ((claim = next_ended(workers)) != NULL) {
		g_atomic_int_set(&workers->kept_at, monotonic_second());
		if (!release(workers, claim)) {
			g_mutex_lock(&workers->lock);
			g_queue_push_head(&workers->ended, claim);
			g_mutex_unlock(&workers->lock);
			return false;
		}
		ended_claim_free(claim);
	}
	return true;
}

static bool wait_for_ended(struct workers *workers, gint64 until)
{
	g_mutex_lock(&workers->lock);
	while (g_queue_is_empty(&workers->ended) && !is_stopping(workers) &&
	       g_cond_wait_until(&workers->any_ended, &workers->lock, until))
		;
	bool is_any = !g_queue_is_empty(&workers->ended);
	g_mutex_unlock(&workers->lock);
	return is_any;
}

/* For a second, or until we are stopping. */
static void keep_ended(struct workers *workers)
{
	gint64 until = g_get_monotonic_time() + G_TIME_SPAN_SECOND;

	while (g_get_monotonic_time() < until && wait_for_ended(workers, until))
		if (!release_ended_claims(workers))
			repeating_thread_pause(&workers->is_stopping, 1);
}

static void *keeper_main(void *data)
{
	struct workers *workers = data;
	gint64 second = G_USEC_PER_SEC;
	gint64 renew_at = 0;
	gint64 sweep_at = 0;
	unsigned lease = 15;

	while (!is_stopping(workers)) {
		gint64 now = g_get_monotonic_time();

		g_atomic_int_set(&workers->kept_at, monotonic_second());
		if (now >= sweep_at) {
			sweep(workers, &lease);
			sweep_at = now + workers->settings->sweep_interval * second;
		}
		tend_claims(workers, now >= renew_at);
		if (now >= renew_at)
			renew_at = now + MAX(lease, 3) * second / 3;
		keep_ended(workers);
	}
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static void prepare(struct worker *worker, struct workers *workers, const char *name)
{
	const struct delivery_settings *settings = workers->settings;

	worker->workers = workers;
	worker->queue =
	    db_queue_new(settings->common.conninfo, (unsigned)settings->common.query_wait, name,
			 settings->smtp.server);
}

struct workers *workers_start(const struct delivery_settings *settings,
			      const struct smtp_client *client, struct live_ruleset *rules)
{
	struct workers *workers = g_new0(struct workers, 1);
	g_autofree char *name = g_strdup_printf("%s:%d", g_get_host_name(), (int)getpid());

	workers->settings = settings;
	workers->client = client;
	workers->rules = rules;
	workers->refusals = refusals_new();
	workers->kept_at = monotonic_second();
	workers->stop_fd = eventfd(0, EFD_CLOEXEC);
	g_mutex_init(&workers->lock);
	g_cond_init(&workers->any_ended);
	workers->list = g_new0(struct worker, (gsize)worker_count(workers));
	for (long i = 0; i < worker_count(workers); i++)
		prepare(&workers->list[i], workers, name);
	db_queue_make_urgent(workers->list[settings->workers].queue);
	prepare(&workers->keeper, workers, name);
	for (long i = 0; i < worker_count(workers); i++)
		workers->list[i].thread = g_thread_new("worker", worker_main, &workers->list[i]);
	workers->keeper.thread = g_thread_new("keeper", keeper_main, workers);
	return workers;
}

void workers_stop(struct workers *workers)
{
	g_atomic_int_set(&workers->is_stopping, 1);
	eventfd_write(workers->stop_fd, 1);
	for (long i = 0; i < worker_count(workers); i++)
		g_thread_join(workers->list[i].thread);
	g_mutex_lock(&workers->lock);
	g_cond_signal(&workers->any_ended);
	g_mutex_unlock(&workers->lock);
	g_thread_join(workers->keeper.thread);
	(void)release_ended_claims(workers); /* of those that have ended since */
}

bool workers_are_kept(const struct workers *workers)
{
	gint limit = (gint)(4 * workers->settings->common.query_wait) + KEEPER_SLACK;

	return is_stopping(workers) ||
	       monotonic_second() - g_atomic_int_get(&workers->kept_at) < limit;
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	for (long i = 0; i < worker_count(workers); i++)
		db_queue_free(workers->list[i].queue);
	refusals_free(workers->refusals);
	db_queue_free(workers->keeper.queue);
	close(workers->stop_fd);
	g_mutex_clear(&workers->lock);
	g_cond_clear(&workers->any_ended);
	g_queue_clear_full(&workers->ended, ended_claim_free);
	g_free(workers->list);
	g_free(workers);
}
