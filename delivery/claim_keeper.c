/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A round each second; claims that end between two rounds are given back at once.
 */
#include "delivery/claim_keeper.h"

#include "base/error.h"
#include "base/log.h"
#include "delivery/repeating_thread.h"

enum {
	KEEPER_SLACK = 60, /* seconds beside its queries that a round may take */
};

struct ended_claim {
	char *id;
	char *why; /* as db_queue_release wants it */
};

struct claim_keeper {
	const struct delivery_settings *settings;
	const gint *is_stopping;
	struct db_queue *queue;
	GThread *thread;
	gint kept_at; /* atomic: monotonic second of the last round */
	GMutex lock;
	GPtrArray *current; /* under lock: ids of claims that workers have */
	GQueue ended;       /* under lock: struct ended_claim */
	GCond any_ended;
};

static bool is_stopping(const struct claim_keeper *keeper)
{
	return g_atomic_int_get(keeper->is_stopping) != 0;
}

static void ended_claim_free(void *data)
{
	struct ended_claim *claim = data;

	g_free(claim->id);
	g_free(claim->why);
	g_free(claim);
}

void claim_keeper_add(struct claim_keeper *keeper, const char *claim_id)
{
	g_mutex_lock(&keeper->lock);
	g_ptr_array_add(keeper->current, g_strdup(claim_id));
	g_mutex_unlock(&keeper->lock);
}

void claim_keeper_end(struct claim_keeper *keeper, const char *claim_id, const char *why)
{
	struct ended_claim *claim = g_new0(struct ended_claim, 1);
	guint index = 0;

	claim->why = g_strdup(why);
	g_mutex_lock(&keeper->lock);
	if (g_ptr_array_find_with_equal_func(keeper->current, claim_id, g_str_equal, &index))
		claim->id = g_ptr_array_steal_index(keeper->current, index);
	g_queue_push_tail(&keeper->ended, claim);
	g_cond_signal(&keeper->any_ended);
	g_mutex_unlock(&keeper->lock);
}

/* --- a round --------------------------------------------------------------------------------- */

/* NULL-terminated, or NULL when there are none. */
static char **current_claims(struct claim_keeper *keeper)
{
	g_autoptr(GStrvBuilder) claims = g_strv_builder_new();

	g_mutex_lock(&keeper->lock);
	for (guint i = 0; i < keeper->current->len; i++)
		g_strv_builder_add(claims, keeper->current->pdata[i]);
	g_mutex_unlock(&keeper->lock);
	g_auto(GStrv) list = g_strv_builder_end(claims);
	return *list ? g_steal_pointer(&list) : NULL;
}

static void tend_claims(struct claim_keeper *keeper, bool should_renew)
{
	struct db_queue *queue = keeper->queue;
	g_auto(GStrv) claims = current_claims(keeper);
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

static void sweep(struct claim_keeper *keeper, unsigned *lease)
{
	g_autoptr(GError) error = NULL;
	unsigned swept = 0;

	if (!db_queue_sweep(keeper->queue, &swept, lease, &error))
		log_event(LOG_LEVEL_WARNING, "", "not swept: %s", error->message);
	if (swept > 0)
		log_event(LOG_LEVEL_WARNING, "", "swept %u communications of workers that are gone",
			  swept);
}

/* Settles what was noted in it, and gives back the rest. False: the database is away. */
static bool release(struct claim_keeper *keeper, const struct ended_claim *claim)
{
	g_autoptr(GError) error = NULL;

	if (db_queue_release(keeper->queue, claim->id, claim->why, &error))
		return true;
	log_event(LOG_LEVEL_WARNING, claim->id,
		  "not given back; if we cannot, the sweeper will: %s", error->message);
	return error->code != BM_ERROR_RETRY && error->code != BM_ERROR_UNCERTAIN;
}

static struct ended_claim *next_ended(struct claim_keeper *keeper)
{
	g_mutex_lock(&keeper->lock);
	struct ended_claim *claim = g_queue_pop_head(&keeper->ended);
	g_mutex_unlock(&keeper->lock);
	return claim;
}

/* False: the database is away; they stay. */
static bool release_ended_claims(struct claim_keeper *keeper)
{
	struct ended_claim *claim;

	while ((claim = next_ended(keeper)) != NULL) {
		g_atomic_int_set(&keeper->kept_at, monotonic_second());
		if (!release(keeper, claim)) {
			g_mutex_lock(&keeper->lock);
			g_queue_push_head(&keeper->ended, claim);
			g_mutex_unlock(&keeper->lock);
			return false;
		}
		ended_claim_free(claim);
	}
	return true;
}

static bool wait_for_ended(struct claim_keeper *keeper, gint64 until)
{
	g_mutex_lock(&keeper->lock);
	while (g_queue_is_empty(&keeper->ended) && !is_stopping(keeper) &&
	       g_cond_wait_until(&keeper->any_ended, &keeper->lock, until))
		;
	bool is_any = !g_queue_is_empty(&keeper->ended);
	g_mutex_unlock(&keeper->lock);
	return is_any;
}

/* For a second, or until we are stopping. */
static void keep_ended(struct claim_keeper *keeper)
{
	gint64 until = g_get_monotonic_time() + G_TIME_SPAN_SECOND;

	while (g_get_monotonic_time() < until && wait_for_ended(keeper, until))
		if (!release_ended_claims(keeper))
			repeating_thread_pause(keeper->is_stopping, 1);
}

static void *keeper_main(void *data)
{
	struct claim_keeper *keeper = data;
	gint64 second = G_USEC_PER_SEC;
	gint64 renew_at = 0;
	gint64 sweep_at = 0;
	unsigned lease = 15;

	while (!is_stopping(keeper)) {
		gint64 now = g_get_monotonic_time();

		g_atomic_int_set(&keeper->kept_at, monotonic_second());
		if (now >= sweep_at) {
			sweep(keeper, &lease);
			sweep_at = now + keeper->settings->sweep_interval * second;
		}
		tend_claims(keeper, now >= renew_at);
		if (now >= renew_at)
			renew_at = now + MAX(lease, 3) * second / 3;
		keep_ended(keeper);
	}
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

struct claim_keeper *claim_keeper_start(const struct delivery_settings *settings,
					struct db_queue *queue, const gint *is_stopping)
{
	struct claim_keeper *keeper = g_new0(struct claim_keeper, 1);

	keeper->settings = settings;
	keeper->is_stopping = is_stopping;
	keeper->queue = queue;
	keeper->kept_at = monotonic_second();
	keeper->current = g_ptr_array_new_with_free_func(g_free);
	g_mutex_init(&keeper->lock);
	g_cond_init(&keeper->any_ended);
	keeper->thread = g_thread_new("keeper", keeper_main, keeper);
	return keeper;
}

void claim_keeper_stop(struct claim_keeper *keeper)
{
	g_mutex_lock(&keeper->lock);
	g_cond_signal(&keeper->any_ended);
	g_mutex_unlock(&keeper->lock);
	g_thread_join(keeper->thread);
	(void)release_ended_claims(keeper); /* of those that have ended since */
}

bool claim_keeper_is_alive(const struct claim_keeper *keeper)
{
	gint limit = (gint)(4 * keeper->settings->common.query_wait) + KEEPER_SLACK;

	return monotonic_second() - g_atomic_int_get(&keeper->kept_at) < limit;
}

void claim_keeper_free(struct claim_keeper *keeper)
{
	db_queue_free(keeper->queue);
	g_mutex_clear(&keeper->lock);
	g_cond_clear(&keeper->any_ended);
	g_queue_clear_full(&keeper->ended, ended_claim_free);
	g_ptr_array_unref(keeper->current);
	g_free(keeper);
}
