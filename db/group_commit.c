/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread that comes while none is recording leads: it takes all that wait, itself included,
 * records them, and gives each its outcome. The others wait meanwhile, and gather; where many do,
 * more than one leads.
 *
 *   WAITING --a leader takes it--> TAKEN --the leader is back--> DONE
 *
 * A leader has a connection or its refusal, and then an answer, in a bounded time (db/pool.h), so
 * a waiter that was taken need not watch the clock. One that was not, because leaders are held up
 * (by a lock, by a server that is silent), soon becomes a leader itself.
 */
#include "db/group_commit.h"

#include "base/error.h"

enum {
	ENOUGH = 4,                /* reports for each leader */
	LONGEST_WAIT = 100 * 1000, /* microseconds, until a waiter leads */
};

enum state { WAITING, TAKEN, DONE };

/* In the frame of its thread, which stays until it is DONE. */
struct waiter {
	struct db_record record;
	enum state state;
	gint64 leads_from; /* monotonic time */
	GCond woken;
};

struct db_group_commit {
	struct db_pool *pool;
	GMutex lock;
	GQueue waiting; /* struct waiter, the one that came first first */
	unsigned leaders;
};

struct db_group_commit *db_group_commit_new(struct db_pool *pool)
{
	struct db_group_commit *group = g_new0(struct db_group_commit, 1);

	group->pool = pool;
	g_mutex_init(&group->lock);
	g_queue_init(&group->waiting);
	return group;
}

void db_group_commit_free(struct db_group_commit *group)
{
	if (!group)
		return;
	g_mutex_clear(&group->lock);
	g_free(group);
}

/* --- a leader; the lock is held around these ------------------------------------------------- */

/* Those that came first, as far as a call may hold; at least one. */
static GPtrArray *take_records(struct db_group_commit *group)
{
	GPtrArray *waiters = g_ptr_array_new();
	size_t bytes = 0;

	for (struct waiter *next;
	     waiters->len < DB_RECORDS_MAX && (next = g_queue_peek_head(&group->waiting));) {
		bytes += next->record.report.raw_len;
		if (waiters->len > 0 && bytes > DB_RECORDS_BYTES_MAX)
			break;
		next->state = TAKEN;
		g_ptr_array_add(waiters, g_queue_pop_head(&group->waiting));
	}
	return waiters;
}

static void give_back_records(const GPtrArray *waiters)
{
	for (guint i = 0; i < waiters->len; i++) {
		struct waiter *waiter = waiters->pdata[i];

		waiter->state = DONE;
		g_cond_signal(&waiter->woken);
	}
}

static void record_all(struct db_pool *pool, const GPtrArray *waiters)
{
	g_autoptr(GPtrArray) records = g_ptr_array_new();

	for (guint i = 0; i < waiters->len; i++)
		g_ptr_array_add(records, &((struct waiter *)waiters->pdata[i])->record);
	if (records->len == 1)
		db_record_reports(pool, records);
	else
		db_record_together(pool, records); /* what is left is recorded by its own thread */
}

static void lead(struct db_group_commit *group)
{
	g_autoptr(GPtrArray) waiters = take_records(group);

	group->leaders++;
	g_mutex_unlock(&group->lock);
	record_all(group->pool, waiters);
	g_mutex_lock(&group->lock);
	group->leaders--;
	give_back_records(waiters);
	struct waiter *next = g_queue_peek_head(&group->waiting);
	if (next)
		g_cond_signal(&next->woken); /* it leads */
}

/* --- who waits ------------------------------------------------------------------------------ */

static bool may_lead(const struct db_group_commit *group, const struct waiter *waiter)
{
	return group->waiting.length >= ENOUGH * group->leaders ||
	       g_get_monotonic_time() >= waiter->leads_from;
}

static void wait_until_done(struct db_group_commit *group, struct waiter *waiter)
{
	g_mutex_lock(&group->lock);
	g_queue_push_tail(&group->waiting, waiter);
	while (waiter->state != DONE)
		if (waiter->state == TAKEN)
			g_cond_wait(&waiter->woken, &group->lock);
		else if (may_lead(group, waiter))
			lead(group);
		else
			g_cond_wait_until(&waiter->woken, &group->lock, waiter->leads_from);
	g_mutex_unlock(&group->lock);
}

bool db_group_commit_record(struct db_group_commit *group, const struct db_report *report,
			    struct db_record_result *result_out, GError **error)
{
	struct waiter waiter = {.record = {.report = *report},
				.leads_from = g_get_monotonic_time() + LONGEST_WAIT};

	g_cond_init(&waiter.woken);
	wait_until_done(group, &waiter);
	g_cond_clear(&waiter.woken);
	if (db_record_is_left(&waiter.record))
		return db_record_report(group->pool, report, result_out, error);
	if (waiter.record.error) {
		g_propagate_error(error, waiter.record.error);
		return false;
	}
	*result_out = waiter.record.result;
	return true;
}
