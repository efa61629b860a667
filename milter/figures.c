/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Counters begin at 0 with the process, which Prometheus understands.
 */
#include "milter/figures.h"

#include <stdatomic.h>

#include "base/prometheus_text.h"
#include "daemon/metrics_file.h"

enum answer { DISCARDED, ACCEPTED, TRY_AGAIN, REFUSED, ANSWERS };

static const char *const answer_names[ANSWERS] = {"discarded", "accepted", "try_again", "refused"};

struct figures {
	struct db_pool *pool;
	const struct intake *intake;
	gint64 started; /* seconds since 1970 */
	atomic_ullong answers[ANSWERS];
	struct prometheus_text_histogram answer_time;
	struct metrics_file *file; /* NULL: nothing is written */
};

struct figures *figures_new(struct db_pool *pool, const struct intake *intake)
{
	struct figures *figures = g_new0(struct figures, 1);

	figures->pool = pool;
	figures->intake = intake;
	figures->started = g_get_real_time() / G_USEC_PER_SEC;
	return figures;
}

void figures_free(struct figures *figures)
{
	g_free(figures);
}

static enum answer answer_of(sfsistat status)
{
	switch (status) {
	case SMFIS_DISCARD:
		return DISCARDED;
	case SMFIS_TEMPFAIL:
		return TRY_AGAIN;
	case SMFIS_REJECT:
		return REFUSED;
	default:
		return ACCEPTED;
	}
}

void figures_count(struct figures *figures, sfsistat answer)
{
	atomic_fetch_add(&figures->answers[answer_of(answer)], 1);
}

void figures_add_time(struct figures *figures, gint64 microseconds)
{
	prometheus_text_histogram_add(&figures->answer_time, microseconds);
}

/* --- the text ------------------------------------------------------------------------------ */

static void append_answers(const struct figures *figures, GString *out)
{
	prometheus_text_announce(out, "bounce_milter_answers_total", "counter",
				 "answers to the MTA about bounces");
	for (size_t i = 0; i < ANSWERS; i++)
		g_string_append_printf(out, "bounce_milter_answers_total{answer=\"%s\"} %llu\n",
				       answer_names[i], atomic_load(&figures->answers[i]));
}

static void append_times(const struct figures *figures, GString *out)
{
	const struct intake_times *times = intake_times(figures->intake);

	prometheus_text_histogram_append(out, "bounce_milter_read_seconds",
					 "parsing and classifying a bounce", &times->reading);
	prometheus_text_histogram_append(out, "bounce_milter_record_seconds",
					 "recording a bounce, with the wait for a connection",
					 &times->recording);
	prometheus_text_histogram_append(out, "bounce_milter_answer_seconds",
					 "the answer at the end of a bounce",
					 &figures->answer_time);
}

static void append_pool(const struct figures *figures, GString *out)
{
	const struct db_pool_figures pool = db_pool_figures(figures->pool);

	prometheus_text_append_figure(out, "bounce_milter_pool_size", "gauge",
				      "connections to the database at most (pool_size)", pool.size);
	prometheus_text_append_figure(out, "bounce_milter_pool_open", "gauge",
				      "connections that are open", pool.open);
	prometheus_text_append_figure(out, "bounce_milter_pool_in_use", "gauge",
				      "connections with a bounce in progress", pool.in_use);
	prometheus_text_append_figure(out, "bounce_milter_pool_waits_total", "counter",
				      "bounces that had to wait for a connection",
				      (gint64)pool.waits);
	prometheus_text_append_figure(out, "bounce_milter_pool_timeouts_total", "counter",
				      "bounces that waited for a connection in vain (pool_wait)",
				      (gint64)pool.timeouts);
}

static void append_figures(GString *out, const void *data)
{
	const struct figures *figures = data;

	prometheus_text_append_figure(out, "bounce_milter_start_time_seconds", "gauge",
				      "since when it runs", figures->started);
	prometheus_text_append_figure(out, "bounce_milter_written_timestamp_seconds", "gauge",
				      "when these figures were written",
				      g_get_real_time() / G_USEC_PER_SEC);
	append_answers(figures, out);
	append_times(figures, out);
	append_pool(figures, out);
}

void figures_start(struct figures *figures, const char *path)
{
	figures->file = metrics_file_start(path, append_figures, figures);
}

void figures_stop(struct figures *figures)
{
	metrics_file_stop(g_steal_pointer(&figures->file));
}
