/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl reclassify, replay: verdicts set right, one by hand or all that
 * today's rules see differently.
 */
#include "ctl/commands/correct.h"

#include <stdio.h>
#include <string.h>

#include "ctl/commands/propose.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"
#include "ctl/framework/progress.h"
#include "ctl/framework/view.h"
#include "db/operator_queries.h"
#include "intake/intake.h"

/* --- reclassify ------------------------------------------------------------------- */

static const struct ctl_option reclassify_options[] = {
    {"as", "REASON", "what it is: see \"bouncectl reasons\"", NULL},
    {"why", "TEXT", "for those who ask later", "set right by hand"},
    {"rules", "DIR", "the folder of the rule files that the proposed rule is tried with", NULL},
    {"site", "FILE", "the site's own rules, where it will stand", NULL},
    {0},
};

static void add_faults(JsonBuilder *builder, const GPtrArray *faults)
{
	json_builder_begin_array(builder);
	for (guint i = 0; i < faults->len; i++) {
		g_autofree char *valid = g_utf8_make_valid(faults->pdata[i], -1);
		json_builder_add_string_value(builder, valid);
	}
	json_builder_end_array(builder);
}

static void add_reclassified_json(GString *out, const struct db_rows *done,
				  const struct proposed *proposed, const struct db_rows *hits)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "reclassified");
	ctl_output_json_row(builder, done, 0);
	json_builder_set_member_name(builder, "rule");
	if (proposed->rule == NULL)
		json_builder_add_null_value(builder);
	else
		json_builder_add_string_value(builder, proposed->rule);
	json_builder_set_member_name(builder, "rule_was_tried");
	json_builder_add_boolean_value(builder, proposed->is_tried);
	json_builder_set_member_name(builder, "rule_faults");
	add_faults(builder, proposed->faults);
	json_builder_set_member_name(builder, "site_rules");
	json_builder_add_string_value(builder, proposed->site_file);
	json_builder_set_member_name(builder, "also_fits");
	json_builder_begin_array(builder);
	for (size_t row = 0; hits != NULL && row < db_rows_count(hits); row++)
		ctl_output_json_row(builder, hits, row);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	ctl_output_json_append(builder, out);
}

/* As comments of a rule file, so that all of it may be put there. */
static void add_trial(GString *out, const struct proposed *proposed)
{
	bool works = proposed->is_tried && proposed->faults->len == 0;

	if (works)
		g_string_append(out, "# Tried with the rules there are: it decides this message, "
				     "and none is in its way.\n");
	else
		g_string_append(out, proposed->is_tried ? "# Tried, and not good enough as it is:\n"
							: "# Not tried:\n");
	for (guint i = 0; i < proposed->faults->len; i++) {
		g_autofree char *clean =
		    table_clean(proposed->faults->pdata[i], true, TABLE_ONE_LINE);
		g_string_append_printf(out, "#   %s\n", clean);
	}
	g_string_append_printf(
	    out,
	    "# So that the next one is judged like that: %s it goes into\n#   %s\n"
	    "# then: bouncectl rules check; bouncectl replay (what it changes); and SIGUSR1 to "
	    "bounce-milter.\n\n",
	    works ? "read it;" : "set it right;",
	    *proposed->site_file != '\0' ? proposed->site_file
					 : "a file that site_rules of bounce-milter.conf names,");
}

/* The words of a mail that was judged wrongly may be those of many that were judged rightly. */
static void add_hits(GString *out, const struct db_rows *hits)
{
	if (hits == NULL || db_rows_count(hits) == 0)
		return;
	g_string_append(
	    out,
	    "# Careful: bounces of other reasons have these words too, and would be judged like\n"
	    "# this one. Give it more words, or a host, before it goes in:\n");
	for (size_t row = 0; row < db_rows_count(hits); row++)
		g_string_append_printf(
		    out, "#   %s (%s): %s, such as bounce %s\n",
		    db_rows_find(hits, row, "other_reason"), db_rows_find(hits, row, "class"),
		    db_rows_find(hits, row, "bounces"), db_rows_find(hits, row, "sample"));
	g_string_append_c(out, '\n');
}

static void add_reclassified_text(GString *out, const struct db_rows *done,
				  const struct proposed *proposed, const struct db_rows *hits)
{
	const struct table_style style = ctl_output_style();
	g_autofree char *said =
	    ctl_output_sentence("bounce {id} is {reason} now: {consequence}", done, 0, &style);

	g_string_append_printf(out, "%s\n\n", said);
	if (proposed->rule == NULL) {
		g_string_append(out, "# Its words say too little for a rule of their own.\n");
		return;
	}
	g_autofree char *clean = table_clean(proposed->rule, style.utf8, TABLE_KEEP_LINES);
	add_hits(out, hits);
	add_trial(out, proposed);
	g_string_append(out, clean);
}

static int reclassify(struct ctl_call *call, struct db_pool *pool, const char *reason)
{
	const char *const id[] = {ctl_argument(call, 1)};
	const char *const arguments[] = {id[0], reason, ctl_option(call, "why")};
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(db_rows_t) done = db_rows_fetch(pool, &people_reclassify, arguments, &error);
	g_autoptr(db_rows_t) bounce =
	    done == NULL ? NULL : db_rows_fetch(pool, &people_bounce, id, &error);
	g_autoptr(db_rows_t) raw =
	    bounce == NULL ? NULL : db_rows_fetch(pool, &people_bounce_raw, id, &error);
	g_auto(proposed_t) proposed = {0};

	if (raw == NULL)
		return ctl_output_error(call, error);
	propose_rule(call, bounce, raw, reason, &proposed);
	const char *const rule_arguments[] = {proposed.rule, reason};
	g_autoptr(db_rows_t) hits =
	    proposed.rule == NULL ? NULL
				  : db_rows_fetch(pool, &people_rule_hits, rule_arguments, NULL);
	(ctl_flag(call, "json") ? add_reclassified_json : add_reclassified_text)(out, done,
										 &proposed, hits);
	return ctl_output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

static int run_reclassify(struct ctl_call *call)
{
	const char *reason = ctl_option(call, "as");
	g_autoptr(GError) error = NULL;
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	return pool == NULL ? ctl_output_error(call, error) : reclassify(call, pool, reason);
}

const struct ctl_command ctl_reclassify = {
    .name = "reclassify",
    .arguments = "ID --as REASON",
    .summary = "set the verdict on a bounce right, and what followed from it",
    .example = "reclassify 4711 --as mailbox_full --why 'they told us'",
    .help = "What followed wrongly is taken back, what should have followed is done. A rule for\n"
	    "the site's file is proposed, which judges the next one rightly; it is tried with the\n"
	    "rules there are and on the message itself.\n",
    .options = reclassify_options,
    .run = run_reclassify,
};

/* --- replay -------------------------------------------------------------------------- */

enum { REPLAY_BATCH = 100 };

static const struct ctl_option replay_options[] = {
    {"since", "TIME", "reports from then on: 24h, 7d, a date", "30d"},
    {"until", "TIME", "reports before then", NULL},
    {"rules", "DIR", "the folder of the rule files", NULL},
    {"site", "FILE", "the site's own rules", NULL},
    {"apply", NULL, "set the verdicts right, and what followed from them", NULL},
    {"why", "TEXT", "for those who ask later", "replayed with changed rules"},
    {0},
};

static const char *const difference_columns[] = {
    "bounce_id", "recipient", "old_class", "old_reason", "new_class", "new_reason", "new_rule"};

struct replay {
	const struct ctl_call *call;
	struct db_pool *pool;
	struct ruleset *rules;
	struct limits limits;
	struct table *table; /* NULL: JSON, at once */
	size_t read;
	size_t different;
	size_t applied;
	struct ctl_progress progress;
};

/* The database keeps the envelope; here are only the words. */
static char *document_of(const struct replay *replay, const struct db_rows *reports, size_t row)
{
	static const char *const nobody[] = {NULL};
	size_t len = 0;
	const char *bytes = db_rows_bytes(reports, row, "raw", &len);
	const struct envelope envelope = {.source = "replay",
					  .sender = "",
					  .recipients = nobody,
					  .queue_id = "",
					  .client = "",
					  .size = len};

	return bytes == NULL
		   ? NULL
		   : intake_document(replay->rules, &replay->limits, &envelope, bytes, len);
}

static bool show_differences(struct replay *replay, const struct db_rows *rows)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (replay->table == NULL) {
		ctl_output_json_lines(rows, out);
		return ctl_output_write(out->str);
	}
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		const char *values[G_N_ELEMENTS(difference_columns)];

		for (size_t i = 0; i < G_N_ELEMENTS(difference_columns); i++)
			values[i] = db_rows_find(rows, row, difference_columns[i]);
		table_add_row(replay->table, values);
	}
	return true;
}

static bool apply(struct replay *replay, const char *id, const char *document, GError **error)
{
	const char *const arguments[] = {id, document, ctl_option(replay->call, "why")};
	g_autoptr(db_rows_t) rows =
	    db_rows_fetch(replay->pool, &people_replay_apply, arguments, error);

	if (rows == NULL)
		return false;
	replay->applied += g_ascii_strtoull(db_rows_find(rows, 0, "applied"), NULL, 10);
	return true;
}

static bool replay_report(struct replay *replay, const struct db_rows *reports, size_t row,
			  GError **error)
{
	const char *id = db_rows_find(reports, row, "id");
	g_autofree char *document = document_of(replay, reports, row);
	const char *const arguments[] = {id, document};

	ctl_progress_step(&replay->progress, "reports read", ++replay->read, 0);
	if (document == NULL)
		return true;
	g_autoptr(db_rows_t) rows =
	    db_rows_fetch(replay->pool, &people_replay_differences, arguments, error);
	if (rows == NULL)
		return false;
	replay->different += db_rows_count(rows);
	if (db_rows_count(rows) == 0)
		return true;
	return show_differences(replay, rows) &&
	       (!ctl_flag(replay->call, "apply") || apply(replay, id, document, error));
}

static bool replay_batch(struct replay *replay, char **after, bool *more_out, GError **error)
{
	g_autofree char *batch = g_strdup_printf("%d", REPLAY_BATCH);
	const char *const arguments[] = {ctl_option(replay->call, "since"),
					 ctl_option(replay->call, "until"), *after, batch};
	g_autoptr(db_rows_t) reports =
	    db_rows_fetch(replay->pool, &people_replay_reports, arguments, error);

	if (reports == NULL)
		return false;
	size_t count = db_rows_count(reports);
	for (size_t row = 0; row < count && !ctl_interrupt_came(); row++)
		if (!replay_report(replay, reports, row, error))
			return false;
	*more_out = count > 0 && !ctl_interrupt_came();
	if (count > 0) {
		g_free(*after);
		*after = g_strdup(db_rows_find(reports, count - 1, "id"));
	}
	return true;
}

static bool replay_all(struct replay *replay, GError **error)
{
	g_autofree char *after = g_strdup("0");
	bool more = true;

	while (more)
		if (!replay_batch(replay, &after, &more, error))
			return false;
	return true;
}

static bool print_replayed(const struct replay *replay)
{
	const struct table_style style = ctl_output_style();
	g_autoptr(GString) out = g_string_new(NULL);

	if (replay->different > 0)
		table_print(replay->table, &style, out);
	g_string_append_printf(out, "%s%zu reports read, %zu verdicts differ",
			       replay->different > 0 ? "\n" : "", replay->read, replay->different);
	if (ctl_flag(replay->call, "apply"))
		g_string_append_printf(out, ", %zu set right\n", replay->applied);
	else
		g_string_append(
		    out, replay->different > 0
			     ? ".\nNothing was changed. Set them right with --apply --why TEXT.\n"
			     : "\n");
	return ctl_output_write(out->str);
}

static int replay(struct ctl_call *call, struct db_pool *pool, struct ruleset *rules)
{
	g_autoptr(table_t) table = table_new();
	bool json = ctl_flag(call, "json");
	struct replay job = {.call = call,
			     .pool = pool,
			     .rules = rules,
			     .limits = limits_default,
			     .table = json ? NULL : table};
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(difference_columns); i++)
		table_add_column(table, difference_columns[i], i == 0 ? TABLE_NUMBER : TABLE_TEXT);
	ctl_interrupt_block();
	bool done = replay_all(&job, &error);
	ctl_progress_clear(&job.progress);
	if (!json && !print_replayed(&job)) /* also of what was done before it failed */
		return CTL_EXIT_OUTPUT;
	if (ctl_interrupt_came()) {
		fputs("bouncectl replay: interrupted; the same call goes on\n", stderr);
		return CTL_EXIT_TEMPFAIL;
	}
	if (done)
		return CTL_EXIT_OK;
	return error == NULL ? CTL_EXIT_OUTPUT : ctl_output_error(call, error);
}

static int run_replay(struct ctl_call *call)
{
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	g_autoptr(ruleset_t) rules =
	    ctl_settings(call, &settings, &error) ? ctl_rules_of(call, &settings, &error) : NULL;
	g_autoptr(db_pool_t) pool = rules == NULL ? NULL : ctl_connect(call, &error);

	return pool == NULL ? ctl_output_error(call, error) : replay(call, pool, rules);
}

const struct ctl_command ctl_replay = {
    .name = "replay",
    .arguments = "",
    .summary = "judge the stored reports by today's rules: show what differs, then --apply",
    .example = "replay --since 7d --site new.rules",
    .help = "Without --apply nothing is changed. Reports whose message is not kept any more\n"
	    "stay as they are.\n",
    .options = replay_options,
    .run = run_replay,
};
