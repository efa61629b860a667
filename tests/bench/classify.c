/* SPDX-License-Identifier: BSD-2-Clause
 *
 * make bench-classify: what parsing and classifying a report costs, against
 * GMime's bare construct_message on the same mails in the same run, on one core;
 * how it grows with the returned original, and with threads. The figures to quote
 * are the ratios.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gmime/gmime.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/rules/ruleset.h"
#include "classifier/verdict/classify.h"

enum { ROUNDS = 7, THREADS_MAX = 4 };

struct mail {
	char *bytes;
	gsize len;
};

struct work {
	const struct ruleset *rules;
	const GArray *mails; /* struct mail */
	unsigned repeats;
};

/* Every file below path, as GArray of struct mail. */
static void load(GArray *mails, const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	struct mail mail = {0};

	if (!dir) {
		if (g_str_has_suffix(path, ".eml") &&
		    g_file_get_contents(path, &mail.bytes, &mail.len, NULL))
			g_array_append_val(mails, mail);
		return;
	}
	for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
		g_autofree char *below = g_build_filename(path, name, NULL);

		load(mails, below);
	}
}

static void construct_message(const struct mail *mail)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(mail->bytes, mail->len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	g_clear_object(&message);
	g_object_unref(parser);
	g_object_unref(stream);
}

static void parse_and_classify(const struct ruleset *rules, const struct mail *mail)
{
	g_autoptr(report_t) report = reader_parse(mail->bytes, mail->len, &limits_default);

	for (size_t i = 0; i < MAX(report->recipient_count, 1); i++) {
		struct verdict verdict;

		classify(rules, report,
			 report->recipient_count == 0 ? NULL : &report->recipients[i], &verdict);
		verdict_clear(&verdict);
	}
}

static void *run_bare(void *data)
{
	const struct work *work = data;

	for (unsigned n = 0; n < work->repeats; n++)
		for (guint i = 0; i < work->mails->len; i++)
			construct_message(&g_array_index(work->mails, struct mail, i));
	return NULL;
}

static void *run_ours(void *data)
{
	const struct work *work = data;

	for (unsigned n = 0; n < work->repeats; n++)
		for (guint i = 0; i < work->mails->len; i++)
			parse_and_classify(work->rules,
					   &g_array_index(work->mails, struct mail, i));
	return NULL;
}

/* Microseconds of wall clock for that many threads doing the same work. */
static double measure(void *(*run)(void *), struct work *work, unsigned threads)
{
	GThread *thread[THREADS_MAX];
	gint64 start = g_get_monotonic_time();

	for (unsigned i = 0; i < threads; i++)
		thread[i] = g_thread_new("bench", run, work);
	for (unsigned i = 0; i < threads; i++)
		g_thread_join(thread[i]);
	return (double)(g_get_monotonic_time() - start);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Microseconds of processor time for one thread: what else runs on the machine does not count. */
static double measure_cpu(void *(*run)(void *), struct work *work)
{
	struct timespec from;
	struct timespec to;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	run(work);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	return (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
}

/* The same line as Bounce::Bench::figure of the other benchmarks, and in the same file. at_most:
 * what it is held to, or 0. */
static void figure(const char *name, const char *unit, double *values, size_t count, double at_most)
{
	const char *path = getenv("BENCH_FIGURES");
	g_autofree char *spread = NULL;
	g_autofree char *target = NULL;

	qsort(values, count, sizeof *values, compare_doubles);
	double median = values[count / 2];
	spread = count == 1 ? g_strdup("")
			    : g_strdup_printf("%.2f to %.2f", values[0], values[count - 1]);
	target = at_most == 0
		     ? g_strdup("")
		     : g_strdup_printf("<= %g (%s)", at_most, median <= at_most ? "met" : "missed");
	printf("%-52s %10.2f %-12s %-20s %s\n", name, median, unit, spread, target);
	FILE *file = path ? fopen(path, "a") : NULL;
	if (!file)
		return;
	fprintf(file, "%s\t%.2f\t%s\t%s\t\t%s\n", name, median, unit, spread, target);
	fclose(file);
}

/* The two in turn, so that a machine that changes its speed changes it for both. */
static void compare_costs(struct work *work)
{
	double bare[ROUNDS], ours[ROUNDS], ratio[ROUNDS];
	double calls = (double)work->mails->len * work->repeats;

	for (unsigned i = 0; i < ROUNDS; i++) {
		bare[i] = measure_cpu(run_bare, work) / calls;
		ours[i] = measure_cpu(run_ours, work) / calls;
		ratio[i] = ours[i] / bare[i];
	}
	figure("GMime's construct_message, a mail", "us", bare, ROUNDS, 0);
	figure("parse and classify, a mail", "us", ours, ROUNDS, 0);
	/* far above it, the table of the automaton is begun again with each mail */
	figure("ratio to construct_message", "", ratio, ROUNDS, 2.5);
}

/* Of how many recipients it is known why they failed. */
static unsigned count_judged(const struct ruleset *rules, const struct mail *mail)
{
	g_autoptr(report_t) report = reader_parse(mail->bytes, mail->len, &limits_default);
	unsigned count = 0;

	for (size_t i = 0; i < report->recipient_count; i++) {
		struct verdict verdict;

		classify(rules, report, &report->recipients[i], &verdict);
		count += strcmp(verdict.reason->name, "undetermined") != 0;
		verdict_clear(&verdict);
	}
	return count;
}

/* A benchmark of mails that say nothing, or that nobody judges, would show nothing. */
static void require_judged(const struct ruleset *rules, const GArray *mails, unsigned least)
{
	unsigned count = 0;

	for (guint i = 0; i < mails->len; i++)
		count += count_judged(rules, &g_array_index(mails, struct mail, i));
	if (count >= least)
		return;
	fprintf(stderr, "bench: of %u mails %u recipients are judged\n", mails->len, count);
	exit(EXIT_FAILURE);
}

/* A Postfix report on a mail that came back whole, with that many bytes of body. */
static struct mail report_returning(size_t bytes)
{
	GString *out = g_string_new(
	    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned "
	    "to Sender\n"
	    "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; "
	    "boundary=b\n\n"
	    "--b\n\nI'm sorry to have to inform you that your message could not be delivered.\n\n"
	    "<jane@customer.example>: host mx.customer.example said: 550 5.1.1 User unknown\n\n"
	    "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
	    "Final-Recipient: rfc822; jane@customer.example\nAction: failed\nStatus: 5.1.1\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n\n"
	    "--b\nContent-Type: message/rfc822\n\nMessage-ID: <1@our.example>\nSubject: "
	    "Invoice\n\n");

	while (bytes > 0) {
		size_t line = MIN(bytes, 77);
		for (size_t i = 0; i + 1 < line; i++)
			g_string_append_c(out, (char)('A' + (i * 7 + bytes) % 26));
		g_string_append_c(out, '\n');
		bytes -= line;
	}
	g_string_append(out, "--b--\n");
	gsize len = out->len;
	return (struct mail){g_string_free(out, FALSE), len};
}

enum size { KB_10, KB_100, MB_1, MB_3, MB_10, SIZES };

static const struct {
	size_t bytes;
	const char *name;
} sizes[SIZES] = {
    [KB_10] = {10000, "an original of 10 kB"},    [KB_100] = {100000, "an original of 100 kB"},
    [MB_1] = {1000000, "an original of 1 MB"},    [MB_3] = {3000000, "an original of 3 MB"},
    [MB_10] = {10000000, "an original of 10 MB"},
};

static double cost_of(void *(*run)(void *), struct work *work)
{
	return measure_cpu(run, work) / work->repeats;
}

/* All sizes in turn; the first round fills the caches. */
static void measure_sizes(const struct ruleset *rules, double ours[SIZES][ROUNDS],
			  double bare[SIZES][ROUNDS])
{
	struct mail mails[SIZES];

	for (size_t i = 0; i < SIZES; i++)
		mails[i] = report_returning(sizes[i].bytes);
	for (unsigned round = 0; round <= ROUNDS; round++)
		for (size_t i = 0; i < SIZES; i++) {
			unsigned at = MAX(round, 1) - 1;
			g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(struct mail));

			g_array_append_val(one, mails[i]);
			struct work work = {rules, one, (unsigned)(50 + 1000000 / sizes[i].bytes)};
			require_judged(rules, one, 1);
			ours[i][at] = cost_of(run_ours, &work);
			bare[i][at] = cost_of(run_bare, &work);
		}
	for (size_t i = 0; i < SIZES; i++)
		g_free(mails[i].bytes);
}

static void compare_sizes(const struct ruleset *rules)
{
	double ours[SIZES][ROUNDS], bare[SIZES][ROUNDS];
	double large[ROUNDS], of_bare[ROUNDS];

	measure_sizes(rules, ours, bare);
	for (unsigned round = 0; round < ROUNDS; round++) {
		large[round] = ours[MB_10][round] / ours[KB_100][round];
		of_bare[round] = ours[MB_1][round] / bare[MB_1][round];
	}
	for (size_t i = 0; i < SIZES; i++) {
		g_autofree char *name = g_strconcat(sizes[i].name, ", construct_message", NULL);

		figure(sizes[i].name, "us", ours[i], ROUNDS, 0);
		figure(name, "us", bare[i], ROUNDS, 0);
	}
	figure("an original of 1 MB, ratio to construct_message", "", of_bare, ROUNDS, 1);
	figure("an original of 10 MB, ratio to one of 100 kB", "", large, ROUNDS, 1.05);
}

static void compare_threads(struct work *work)
{
	static const unsigned counts[] = {1, 2, THREADS_MAX};
	double one = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		double time = measure(run_ours, work, counts[i]);
		double rate = (double)work->mails->len * work->repeats * counts[i] / time * 1e6;

		if (i == 0)
			one = rate;
		double grown = rate / one;
		g_autofree char *name = g_strdup_printf("threads: %u", counts[i]);
		g_autofree char *growth = g_strconcat(name, ", grown from one by", NULL);
		figure(name, "mails/s", &rate, 1, 0);
		figure(growth, "", &grown, 1, 0);
	}
}

int main(int argc, char **argv)
{
	g_autoptr(GArray) mails = g_array_new(FALSE, FALSE, sizeof(struct mail));
	g_autoptr(GError) error = NULL;

	mime_init();
	for (int i = 1; i < argc; i++)
		load(mails, argv[i]);
	g_autoptr(ruleset_t) rules = ruleset_load("etc/rules", NULL, &error);
	if (!rules || mails->len == 0) {
		fprintf(stderr, "bench: %s\n", !rules ? error->message : "no *.eml there");
		return EXIT_FAILURE;
	}
	struct work work = {.rules = rules, .mails = mails, .repeats = 1 + 4000 / mails->len};
	printf("%u mails, %u times each, %u core(s)\n", mails->len, work.repeats,
	       g_get_num_processors());
	require_judged(rules, mails, mails->len / 2);
	compare_costs(&work);
	compare_sizes(rules);
	compare_threads(&work);
	for (guint i = 0; i < mails->len; i++)
		g_free(g_array_index(mails, struct mail, i).bytes);
	return EXIT_SUCCESS;
}
