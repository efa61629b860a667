/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Claim, send, settle. The order of commits is what makes a kill harmless: the
 * begin of a message is committed before a byte of it goes out, its outcome in
 * the commit that begins the next one.
 */
#include "delivery/worker.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "db/queue.h"
#include "delivery/compose.h"
#include "delivery/outcome.h"

enum {
	DATABASE_DELAY_MAX = 15, /* seconds between two tries to reach the database */
	STOP_PATIENCE = 30,      /* seconds that an outcome is tried to be written at stop */
	SIZE_OF_HEADER = 2048,   /* added to the size of the content for SIZE (RFC 1870) */
};

struct worker {
	struct workers *workers;
	struct db_queue *queue;
	GThread *thread;
	char *claim_id; /* under workers->lock; NULL: none */
};

struct workers {
	const struct delivery_settings *settings;
	const struct smtp_client *client;
	const struct ruleset *rules;
	int stop_fd;
	gint is_stopping;
	GMutex lock;
	struct worker *list;
	struct worker keeper;
};

/* One connection's worth of work. */
struct run {
	struct worker *worker;
	GPtrArray *items;   /* struct db_item */
	gboolean *is_begun; /* by item: begun in the database */
	GPtrArray *refused; /* char *: outcomes of items whose sender was refused; NULL for others */
	char *unsettled;    /* outcomes not written yet, of the item before */
	const char *unsettled_claim;
	bool is_broken; /* nothing more is begun */
	int broken_at;  /* the item at which we hung up */
	bool was_mail_taken;
	char *sender_fault;
};

static bool is_stopping(const struct workers *workers)
{
	return g_atomic_int_get(&workers->is_stopping) != 0;
}

static bool may_repeat(const GError *error)
{
	return error->code == BM_ERROR_RETRY || error->code == BM_ERROR_UNCERTAIN;
}

static void set_claim(struct worker *worker, const char *claim_id)
{
	g_mutex_lock(&worker->workers->lock);
	g_free(worker->claim_id);
	worker->claim_id = g_strdup(claim_id);
	g_mutex_unlock(&worker->workers->lock);
}

/* --- settling ------------------------------------------------------------------- */

/* Settles what is unsettled and begins next (may be NULL), as often as it takes.
 * False: next must not be sent. */
static bool step(struct run *run, const struct db_item *next, struct db_content **content_out)
{
	gint64 until = g_get_monotonic_time() + (gint64)STOP_PATIENCE * G_USEC_PER_SEC;

	for (unsigned delay = 1;; delay = MIN(delay * 2, DATABASE_DELAY_MAX)) {
		const struct db_settlement done = {.claim_id = run->unsettled_claim, .outcomes = run->unsettled};
		g_autoptr(GError) error = NULL;

		if (db_queue_step(run->worker->queue, run->unsettled != NULL ? &done : NULL, next, content_out,
				  &error)) {
			g_clear_pointer(&run->unsettled, g_free);
			return true;
		}
		log_event(LOG_LEVEL_ERROR, run->unsettled_claim != NULL ? run->unsettled_claim : "", "settle: %s",
			  error->message);
		/* with the connection to the server open, nobody waits long for the database */
		if (next != NULL || !may_repeat(error) ||
		    (is_stopping(run->worker->workers) && g_get_monotonic_time() > until))
			return false;
		g_usleep((gulong)delay * G_USEC_PER_SEC);
	}
}

static void settle_now(struct run *run)
{
	if (run->unsettled != NULL && !step(run, NULL, NULL)) {
		log_event(LOG_LEVEL_ERROR, run->unsettled_claim,
			  "outcome could not be recorded and will be unknown: %s", run->unsettled);
		g_clear_pointer(&run->unsettled, g_free);
	}
}

/* --- while the connection to the server stands ---------------------------------------- */

static GBytes *begin_item(void *context, size_t index)
{
	struct run *run = context;
	const struct db_item *item = run->items->pdata[index];
	g_autoptr(db_content_t) content = NULL;
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GError) error = NULL;

	if (run->is_broken)
		return NULL;
	run->broken_at = (int)index;
	if (is_stopping(run->worker->workers) || !step(run, item, &content) || content == NULL) {
		run->is_broken = true;
		return NULL;
	}
	run->is_begun[index] = TRUE;
	run->was_mail_taken = true;
	GBytes *bytes = compose_message(content, now, &error);
	if (bytes == NULL) {
		log_event(LOG_LEVEL_ERROR, item->communication_id, "cannot be composed: %s", error->message);
		run->is_broken = true;
		run->is_begun[index] = FALSE;
	}
	return bytes;
}

static void log_outcomes(const struct db_item *item, const struct smtp_result *result)
{
	for (size_t i = 0; item->addresses[i] != NULL; i++) {
		struct smtp_reply reply = {.text = ""};
		enum outcome outcome = outcome_of(result, i, &reply);
		g_autofree char *address = log_quote(item->addresses[i]);
		g_autofree char *text = log_quote(reply.text);

		log_event(LOG_LEVEL_INFO, item->communication_id,
			  "delivery recipient=%s attempt=%s outcome=%s code=%d status=%s reply=%s", address,
			  item->attempt, outcome_name(outcome), reply.code, reply.status, text);
	}
}

static void end_item(void *context, size_t index, const struct smtp_result *result)
{
	struct run *run = context;
	struct workers *workers = run->worker->workers;
	const struct db_item *item = run->items->pdata[index];

	if (run->is_broken && !run->is_begun[index])
		return; /* we hung up ourselves: work_on() gives it back */
	char *outcomes = outcome_document(workers->rules, workers->settings->server, item, result);
	if (outcome_is_sender_refused(result) && !run->was_mail_taken) {
		/* whose fault it is shows when another sender is taken, or none */
		g_clear_pointer(&run->sender_fault, g_free);
		run->sender_fault = g_strdup_printf("sender %s refused: %d %s %s", item->sender, result->mail.code,
						    result->mail.status, result->mail.text);
		run->refused->pdata[index] = outcomes;
		return;
	}
	run->was_mail_taken = run->was_mail_taken || !outcome_is_sender_refused(result);
	log_outcomes(item, result);
	settle_now(run); /* usually done already by the begin of this one */
	run->unsettled = outcomes;
	run->unsettled_claim = item->claim_id;
}

/* --- one claim ---------------------------------------------------------------------------- */

static char *send_items(struct run *run)
{
	const struct smtp_handler handler = {.begin = begin_item, .end = end_item, .context = run};
	g_autofree struct smtp_transaction *list = g_new0(struct smtp_transaction, run->items->len);

	for (guint i = 0; i < run->items->len; i++) {
		const struct db_item *item = run->items->pdata[i];

		list[i] = (struct smtp_transaction){.sender = item->sender,
						    .recipients = item->addresses,
						    .recipient_count = g_strv_length(item->addresses),
						    .envelope_id = item->envelope_id,
						    .size_estimate = item->bytes + SIZE_OF_HEADER};
	}
	return smtp_client_run(run->worker->workers->client, list, run->items->len, &handler);
}

/* Senders that were refused while others were taken: it is theirs alone. */
static void settle_refused(struct run *run)
{
	for (guint i = 0; i < run->items->len; i++) {
		const struct db_item *item = run->items->pdata[i];

		if (run->refused->pdata[i] == NULL)
			continue;
		settle_now(run);
		run->unsettled = g_steal_pointer(&run->refused->pdata[i]);
		run->unsettled_claim = item->claim_id;
	}
	settle_now(run);
}

static void tell_problem(struct worker *worker, const char *problem)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = log_quote(problem);

	log_event(LOG_LEVEL_ERROR, "", "submission server %s: %s", worker->workers->settings->server, text);
	if (!db_queue_problem(worker->queue, problem, &error))
		log_event(LOG_LEVEL_ERROR, "", "%s", error->message);
}

static void give_back(struct worker *worker, const char *claim_id, const char *why)
{
	g_autoptr(GError) error = NULL;

	if (!db_queue_release(worker->queue, claim_id, why, &error))
		log_event(LOG_LEVEL_WARNING, claim_id, "not given back, the sweeper will: %s", error->message);
}

/* The one at which we hung up may be begun in the database, if only its answer was
 * lost; nothing of it went out. */
static void settle_not_sent(struct run *run)
{
	if (!run->is_broken)
		return;
	const struct db_item *item = run->items->pdata[run->broken_at];

	run->unsettled = outcome_released(item);
	run->unsettled_claim = item->claim_id;
	settle_now(run);
}

static void work_on(struct worker *worker, GPtrArray *items)
{
	struct run run = {.worker = worker, .items = items, .is_begun = g_new0(gboolean, items->len)};
	g_autofree char *claim_id = g_strdup(((const struct db_item *)items->pdata[0])->claim_id);

	run.refused = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_set_size(run.refused, (gint)items->len);
	set_claim(worker, claim_id);
	g_autofree char *fault = send_items(&run);
	settle_now(&run);
	settle_not_sent(&run);
	if (run.sender_fault != NULL && run.was_mail_taken)
		settle_refused(&run);
	else if (run.sender_fault != NULL && fault == NULL)
		fault = g_strdup(run.sender_fault);
	if (fault != NULL && !run.is_broken)
		tell_problem(worker, fault);
	give_back(worker, claim_id, fault != NULL ? fault : "");
	set_claim(worker, NULL);
	g_ptr_array_unref(run.refused);
	g_free(run.is_begun);
	g_free(run.sender_fault);
}

static void pause_worker(struct worker *worker, unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 10 && !is_stopping(worker->workers); i++)
		g_usleep(G_USEC_PER_SEC / 10);
}

static void *worker_main(void *data)
{
	struct worker *worker = data;
	struct workers *workers = worker->workers;
	unsigned delay = 1;

	while (!is_stopping(workers)) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) items = db_queue_claim(worker->queue, (unsigned)workers->settings->batch, &error);

		if (items == NULL) {
			log_event(LOG_LEVEL_WARNING, "", "%s; next try in %u s", error->message, delay);
			pause_worker(worker, delay);
			delay = MIN(delay * 2, DATABASE_DELAY_MAX);
			continue;
		}
		delay = 1;
		if (items->len > 0)
			work_on(worker, items);
		else
			db_queue_wait(worker->queue, workers->stop_fd, (unsigned)workers->settings->poll_interval);
	}
	return NULL;
}

/* --- the keeper ------------------------------------------------------------------------------ */

static void renew(struct workers *workers)
{
	g_autoptr(GPtrArray) claims = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;

	g_mutex_lock(&workers->lock);
	for (long i = 0; i < workers->settings->workers; i++)
		if (workers->list[i].claim_id != NULL)
			g_ptr_array_add(claims, g_strdup(workers->list[i].claim_id));
	g_mutex_unlock(&workers->lock);
	if (claims->len == 0)
		return;
	g_ptr_array_add(claims, NULL);
	if (!db_queue_renew(workers->keeper.queue, (const char *const *)claims->pdata, &error))
		log_event(LOG_LEVEL_WARNING, "", "leases not renewed: %s", error->message);
}

static void sweep(struct workers *workers, unsigned *lease)
{
	g_autoptr(GError) error = NULL;
	unsigned swept = 0;

	if (!db_queue_sweep(workers->keeper.queue, &swept, lease, &error))
		log_event(LOG_LEVEL_WARNING, "", "not swept: %s", error->message);
	if (swept > 0)
		log_event(LOG_LEVEL_WARNING, "", "swept %u communications of workers that are gone", swept);
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

		if (now >= sweep_at) {
			sweep(workers, &lease);
			sweep_at = now + workers->settings->sweep_interval * second;
		}
		if (now >= renew_at) {
			renew(workers);
			renew_at = now + MAX(lease, 3) * second / 3;
		}
		pause_worker(&workers->keeper, 1);
	}
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static void prepare(struct worker *worker, struct workers *workers, const char *name)
{
	const struct delivery_settings *settings = workers->settings;

	worker->workers = workers;
	worker->queue = db_queue_new(settings->conninfo, (unsigned)settings->query_wait, name, settings->server);
}

struct workers *workers_start(const struct delivery_settings *settings, const struct smtp_client *client,
			      const struct ruleset *rules)
{
	struct workers *workers = g_new0(struct workers, 1);
	g_autofree char *name = g_strdup_printf("%s:%d", g_get_host_name(), (int)getpid());

	workers->settings = settings;
	workers->client = client;
	workers->rules = rules;
	workers->stop_fd = eventfd(0, EFD_CLOEXEC);
	g_mutex_init(&workers->lock);
	workers->list = g_new0(struct worker, (gsize)settings->workers);
	for (long i = 0; i < settings->workers; i++)
		prepare(&workers->list[i], workers, name);
	prepare(&workers->keeper, workers, name);
	for (long i = 0; i < settings->workers; i++)
		workers->list[i].thread = g_thread_new("worker", worker_main, &workers->list[i]);
	workers->keeper.thread = g_thread_new("keeper", keeper_main, workers);
	return workers;
}

void workers_stop(struct workers *workers)
{
	g_atomic_int_set(&workers->is_stopping, 1);
	eventfd_write(workers->stop_fd, 1);
	for (long i = 0; i < workers->settings->workers; i++) {
		g_thread_join(workers->list[i].thread);
		db_queue_free(workers->list[i].queue);
	}
	g_thread_join(workers->keeper.thread);
	db_queue_free(workers->keeper.queue);
	close(workers->stop_fd);
	g_mutex_clear(&workers->lock);
	g_free(workers->list);
	g_free(workers);
}
