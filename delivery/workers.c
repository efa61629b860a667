/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Claim, deliver, and leave what is left of it to the keeper.
 */
#include "delivery/workers.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "db/queue.h"
#include "delivery/claim.h"
#include "delivery/claim_keeper.h"
#include "delivery/repeating_thread.h"

enum {
	DATABASE_DELAY_MAX = 15, /* seconds between two tries to reach the database */
};

struct worker {
	struct workers *workers;
	struct db_queue *queue;
	GThread *thread;
};

struct workers {
	const struct delivery_settings *settings;
	const struct smtp_client *client;
	struct live_ruleset *rules;
	struct refusals *refusals;
	int stop_fd;
	gint is_stopping;
	struct worker *list; /* the last one sends what is urgent, and nothing else */
	struct claim_keeper *keeper;
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

static void report_problem(struct worker *worker, const char *problem)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = log_quote(problem);

	log_event(LOG_LEVEL_ERROR, "", "submission server %s: %s",
		  worker->workers->settings->smtp.server, text);
	if (!db_queue_problem(worker->queue, problem, &error))
		log_event(LOG_LEVEL_ERROR, "", "%s", error->message);
}

static void deliver_items(struct worker *worker, GPtrArray *items)
{
	struct workers *workers = worker->workers;
	g_autofree char *claim_id = g_strdup(((const struct db_item *)items->pdata[0])->claim_id);
	g_autoptr(live_ruleset_use_t) use = live_ruleset_acquire(workers->rules);
	const struct claim_context context = {.queue = worker->queue,
					      .client = workers->client,
					      .rules = use->rules,
					      .server = workers->settings->smtp.server,
					      .refusals = workers->refusals,
					      .is_stopping = &workers->is_stopping};

	claim_keeper_add(workers->keeper, claim_id);
	g_autofree char *problem = claim_deliver(&context, items);
	if (problem)
		report_problem(worker, problem);
	claim_keeper_end(workers->keeper, claim_id, problem ? problem : "");
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

/* --- life ------------------------------------------------------------------------------------- */

static struct db_queue *open_queue(const struct delivery_settings *settings, const char *name)
{
	return db_queue_new(settings->common.conninfo, (unsigned)settings->common.query_wait, name,
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
	workers->stop_fd = eventfd(0, EFD_CLOEXEC);
	workers->list = g_new0(struct worker, (gsize)worker_count(workers));
	for (long i = 0; i < worker_count(workers); i++)
		workers->list[i] =
		    (struct worker){.workers = workers, .queue = open_queue(settings, name)};
	db_queue_make_urgent(workers->list[settings->workers].queue);
	workers->keeper =
	    claim_keeper_start(settings, open_queue(settings, name), &workers->is_stopping);
	for (long i = 0; i < worker_count(workers); i++)
		workers->list[i].thread = g_thread_new("worker", worker_main, &workers->list[i]);
	return workers;
}

void workers_begin_to_stop(struct workers *workers)
{
	g_atomic_int_set(&workers->is_stopping, 1);
	eventfd_write(workers->stop_fd, 1);
}

void workers_stop(struct workers *workers)
{
	workers_begin_to_stop(workers);
	for (long i = 0; i < worker_count(workers); i++)
		g_thread_join(workers->list[i].thread);
	claim_keeper_stop(workers->keeper);
}

bool workers_are_kept(const struct workers *workers)
{
	return is_stopping(workers) || claim_keeper_is_alive(workers->keeper);
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	for (long i = 0; i < worker_count(workers); i++)
		db_queue_free(workers->list[i].queue);
	refusals_free(workers->refusals);
	claim_keeper_free(workers->keeper);
	close(workers->stop_fd);
	g_free(workers->list);
	g_free(workers);
}
