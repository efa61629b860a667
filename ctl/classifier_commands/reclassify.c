/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl reclassify: corrects one verdict by hand, and proposes a rule that would have
 * judged rightly.
 */
#include "base/printable_text.h"
#include "ctl/classifier_commands/propose_rule.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/framework/row_text.h"
#include "ctl/framework/view.h"
#include "ctl/options/rule_files.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "ctl/terminal/output.h"
#include "db/people/operator_queries.h"

/* What there is to say. */
struct outcome {
	const struct db_rows *done;
	const struct propose_rule *proposed;
	const struct db_rows *hits; /* bounces of other reasons that it would take; or NULL */
};

static void append_outcome_json(GString *out, const struct outcome *outcome)
{
	g_autoptr(JsonBuilder) builder = ctl_json_new();

	ctl_json_row(builder, "reclassified", outcome->done);
	ctl_json_string(builder, "rule", outcome->proposed->rule);
	ctl_json_boolean(builder, "rule_was_tried", outcome->proposed->is_tried);
	ctl_json_strings(builder, "rule_faults", outcome->proposed->faults);
	ctl_json_string(builder, "site_rules", outcome->proposed->site_file);
	ctl_json_rows(builder, "also_fits", outcome->hits);
	ctl_json_append(builder, out);
}

/* As comments of a rule file, so that all of it may be put there. */
static void append_trial(GString *out, const struct propose_rule *proposed)
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
		    printable_text_clean(proposed->faults->pdata[i], true, PRINTABLE_TEXT_ONE_LINE);
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

/* The words of a mail judged wrongly may be those of many that were judged rightly. */
static void append_hits(GString *out, const struct db_rows *hits)
{
	if (!hits || db_rows_count(hits) == 0)
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

static void append_outcome_text(GString *out, const struct outcome *outcome)
{
	const struct table_style style = output_style();
	const struct propose_rule *proposed = outcome->proposed;
	g_autofree char *said = ctl_row_text_sentence("bounce {id} is {reason} now: {consequence}",
						      outcome->done, &style);

	g_string_append_printf(out, "%s\n\n", said);
	if (!proposed->rule) {
		g_string_append(out, "# Its words say too little for a rule of their own.\n");
		return;
	}
	g_autofree char *clean =
	    printable_text_clean(proposed->rule, style.utf8, PRINTABLE_TEXT_KEEP_LINES);
	append_hits(out, outcome->hits);
	append_trial(out, proposed);
	g_string_append(out, clean);
}

static struct db_rows *fetch_hits(struct ctl_call *call, const char *rule)
{
	const char *const values[] = {rule, ctl_call_option(call, "as")};

	return rule ? ctl_connect_fetch(call, &operator_queries_rule_hits, values, NULL) : NULL;
}

/* Whom it means, before anything is done. */
static enum ctl_exit_code preview_reclassification(struct ctl_call *call)
{
	static const struct ctl_section section = {.layout = CTL_BLOCKS};
	const char *const values[] = {ctl_call_argument(call, 1), ctl_call_option(call, "as"),
				      ctl_call_option(call, "why")};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows =
	    ctl_connect_fetch(call, &operator_queries_reclassify_preview, values, &error);

	if (!rows)
		return ctl_error_message_print(call, error);
	if (db_rows_count(rows) == 0) {
		ctl_call_say(call, "there is no bounce %s", ctl_call_argument(call, 1));
		return CTL_EXIT_FAULT;
	}
	return ctl_view_print(call, &section, rows, "\nNothing was changed. Do it with --yes.\n");
}

static enum ctl_exit_code reclassify(struct ctl_call *call)
{
	const char *const values[] = {ctl_call_argument(call, 1), ctl_call_option(call, "as"),
				      ctl_call_option(call, "why")};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) done =
	    ctl_connect_fetch(call, &operator_queries_reclassify, values, &error);
	g_autoptr(db_rows_t) bounce = NULL;
	g_autoptr(db_rows_t) raw = NULL;
	g_auto(propose_rule_t) proposed = {0};
	g_autoptr(GString) out = g_string_new(NULL);

	if (done)
		bounce = ctl_connect_fetch(call, &operator_queries_bounce, values, &error);
	if (bounce)
		raw = ctl_connect_fetch(call, &operator_queries_bounce_raw, values, &error);
	if (!raw)
		return ctl_error_message_print(call, error);
	propose_rule_try(call, bounce, raw, &proposed);
	g_autoptr(db_rows_t) hits = fetch_hits(call, proposed.rule);
	const struct outcome outcome = {done, &proposed, hits};
	(ctl_call_has(call, "json") ? append_outcome_json : append_outcome_text)(out, &outcome);
	return ctl_call_print(out);
}

static enum ctl_exit_code run_reclassify(struct ctl_call *call)
{
	return ctl_call_has(call, "yes") ? reclassify(call) : preview_reclassification(call);
}

static const struct ctl_option options[] = {
    {.name = "as",
     .value = &value_reason,
     .help = "what it is: see \"bouncectl reasons\"",
     .is_required = true},
    {.name = "why",
     .value = &ctl_value_type_text,
     .help = "a note for those who ask later",
     .default_value = "set right by hand"},
    {.name = "yes",
     .help = "do it; without this, only show whom it concerns and what would be done"},
    {0},
};

CTL_COMMAND(command_reclassify) = {
    .name = "reclassify",
    .topic = TOPIC_CORRECTIONS,
    .arguments = {{&ctl_value_type_id, CTL_ONE}},
    .summary = "correct the verdict on a bounce, and what followed from it",
    .example = "reclassify 4711 --as mailbox_full --why 'they told us' --yes",
    .help =
	"What followed wrongly is taken back, what should have followed is done. ID is the one\n"
	"in X-Bounce-Id of a mail that was forwarded. Whom it means is shown first; --yes does\n"
	"it, and the old reason, given with --as, takes it back.\n"
	"\n"
	"A rule for the site's file is proposed, which judges the next one rightly. It is tried\n"
	"with the rules there are, with the checks of \"rules check\" and on the message itself;\n"
	"what is wrong with it is said, and which stored bounces of other reasons it would also\n"
	"fit. Read it before it goes in.\n",
    .options = {options, rule_files_options},
    .run = run_reclassify,
};
