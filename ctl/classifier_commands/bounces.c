/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl bounces, bounce show: what came back, and the verdict on one report beside the
 * message it was read from.
 */
#include <stdio.h>
#include <string.h>

#include "base/printable_text.h"
#include "classifier/text/fold.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/framework/row_text.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "ctl/terminal/output.h"
#include "db/people/operator_queries.h"

/* --- bounces ------------------------------------------------------------------------ */

static const struct ctl_option list_options[] = {
    {.name = "communication",
     .value = &value_communication,
     .help = "only those of this communication"},
    {.name = "address",
     .value = &ctl_value_type_text,
     .help = "only those whose address contains this"},
    {.name = "class", .value = &value_class, .help = "only this class"},
    {.name = "queue-id",
     .value = &ctl_value_type_text,
     .help = "only those of the report that the MTA's log calls so"},
    {0},
};

CTL_COMMAND(command_bounces) = {
    .name = "bounces",
    .topic = TOPIC_OVERVIEW,
    .summary = "list what came back, the newest first",
    .example = "bounces --class hard --since 24h",
    .options = {list_options, common_options_period, common_options_limit_50},
    .view =
	{.parameters = {"communication", "address", "class", "since", "until", "limit", "queue-id"},
	 .sections = {{.name = "bounces",
		       .statement = &operator_queries_bounces,
		       .columns = {CTL_COLUMN("id"), CTL_COLUMN("received_at"), CTL_COLUMN("class"),
				   CTL_COLUMN("reason"), CTL_COLUMN("recipient"),
				   CTL_IF_ROOM("communication_id"), CTL_IF_ROOM("task_id"),
				   CTL_IF_ROOM("why"), CTL_IF_ROOM("trust"), CTL_IF_ROOM("rule")},
		       .empty = "no bounce"}}},
};

/* --- bounce show --------------------------------------------------------------------- */

enum {
	VERDICT_WIDTH = 60,     /* columns of the verdict beside the message */
	BESIDE_WIDTH_MIN = 130, /* of a terminal on which there is room for both */
};

static const struct ctl_option show_options[] = {
    {.name = "raw", .help = "only the message, byte by byte as it came"},
    {.name = "lines",
     .value = &ctl_value_type_count,
     .help = "lines of the message beside the verdict",
     .default_value = "60"},
    {0},
};

/* NULL where it is not kept any more. */
static const char *raw_bytes(const struct db_rows *raw, size_t *len_out)
{
	return db_rows_count(raw) == 0 ? NULL : db_rows_bytes(raw, 0, "raw", len_out);
}

static enum ctl_exit_code write_raw(const struct ctl_call *call, const struct db_rows *raw)
{
	size_t len = 0;
	const char *bytes = raw_bytes(raw, &len);

	if (!bytes) {
		ctl_call_say(call, "the message is not kept any more");
		return CTL_EXIT_FAULT;
	}
	if (fwrite(bytes, 1, len, stdout) == len && fflush(stdout) == 0)
		return CTL_EXIT_OK;
	perror("bouncectl bounce show: standard output");
	return CTL_EXIT_OUTPUT;
}

/* The words that decided were folded: so are the line and the one after it,
 * over which they may go. */
static bool is_evidence(const char *line, const char *next, const char *evidence)
{
	g_autofree char *both = g_strjoin(" ", line, next, NULL);
	g_autofree char *folded = fold_text(both, NULL);
	g_autofree char *alone = fold_text(next ? next : "", NULL);

	return *evidence != '\0' && strcasestr(folded, evidence) && !strcasestr(alone, evidence);
}

/* The message's lines, marked; at most lines_max of them. Heap strings. */
static GPtrArray *raw_lines(const char *bytes, const char *evidence, guint64 lines_max,
			    const struct table_style *style)
{
	g_autofree char *clean =
	    printable_text_clean(bytes, style->utf8, PRINTABLE_TEXT_KEEP_LINES);
	g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);
	GPtrArray *shown = g_ptr_array_new_with_free_func(g_free);
	guint count = g_strv_length(lines);
	bool goes_on = false; /* the evidence of the line before */

	for (guint i = 0; i < count && i < lines_max; i++) {
		bool begins = is_evidence(lines[i], lines[i + 1], evidence);

		g_ptr_array_add(shown,
				g_strdup_printf("%c %s", begins || goes_on ? '>' : '|', lines[i]));
		goes_on = begins && !is_evidence(lines[i], NULL, evidence);
	}
	if (count > lines_max)
		g_ptr_array_add(
		    shown, g_strdup_printf("| ... %u more lines: --raw", count - (guint)lines_max));
	return shown;
}

static void append_styled_line(GString *out, const char *line, const struct table_style *style)
{
	bool is_bold = style->color && *line == '>';

	g_string_append_printf(out, "%s%s%s\n", is_bold ? "\033[1m" : "", line,
			       is_bold ? "\033[0m" : "");
}

static void append_below(GString *out, const char *verdict, const GPtrArray *raw,
			 const struct table_style *style)
{
	g_string_append_printf(out, "%s\n", verdict);
	for (guint i = 0; i < raw->len; i++)
		append_styled_line(out, raw->pdata[i], style);
}

/* The verdict on the left, without colour so that it can be measured. */
static void append_beside(GString *out, const char *verdict, const GPtrArray *raw,
			  const struct table_style *style)
{
	g_auto(GStrv) left = g_strsplit(verdict, "\n", -1);
	guint left_count = g_strv_length(left) - 1; /* the last one is behind the line end */
	unsigned right_width = style->width - VERDICT_WIDTH - 2;

	for (guint i = 0; i < MAX(left_count, raw->len); i++) {
		const char *text = i < left_count ? left[i] : "";
		g_autofree char *line = i < raw->len ? table_text_cut(raw->pdata[i], right_width,
								      TABLE_TEXT_CUT_END, style)
						     : g_strdup("");

		g_string_append_printf(out, "%s%*s", text,
				       (int)(VERDICT_WIDTH + 2 - table_text_width(text)), "");
		append_styled_line(out, line, style);
	}
}

static void append_bounce_json(GString *out, const struct db_rows *bounce,
			       const struct db_rows *raw)
{
	g_autoptr(JsonBuilder) builder = ctl_json_new();
	size_t len = 0;
	const char *bytes = raw_bytes(raw, &len);
	g_autofree char *text = bytes ? g_utf8_make_valid(bytes, (gssize)len) : NULL;

	ctl_json_row(builder, "bounce", bounce);
	ctl_json_string(builder, "raw", text);
	ctl_json_append(builder, out);
}

static char *verdict_text(const struct db_rows *bounce, const struct table_style *style)
{
	g_autoptr(table_t) table = ctl_row_text_table(bounce, NULL);
	GString *text = g_string_new(NULL);

	table_print_blocks(table, style, text);
	return g_string_free(text, FALSE);
}

static void append_bounce_text(GString *out, const struct ctl_call *call,
			       const struct db_rows *bounce, const struct db_rows *raw)
{
	const struct table_style style = output_style();
	const struct table_style narrow = {.width = VERDICT_WIDTH, .utf8 = style.utf8};
	const char *evidence = db_rows_find(bounce, 0, "evidence");
	guint64 lines_max = g_ascii_strtoull(ctl_call_option(call, "lines"), NULL, 10);
	size_t len = 0;
	const char *bytes = raw_bytes(raw, &len);
	bool is_wide = style.width >= BESIDE_WIDTH_MIN && bytes;
	g_autofree char *verdict = verdict_text(bounce, is_wide ? &narrow : &style);
	g_autoptr(GPtrArray) lines = raw_lines(bytes ? bytes : "the message is not kept any more",
					       evidence ? evidence : "", lines_max, &style);

	(is_wide ? append_beside : append_below)(out, verdict, lines, &style);
}

static enum ctl_exit_code show(const struct ctl_call *call, const struct db_rows *bounce,
			       const struct db_rows *raw)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (db_rows_count(bounce) == 0) {
		ctl_call_say(call, "there is no bounce %s", ctl_call_argument(call, 1));
		return CTL_EXIT_FAULT;
	}
	if (ctl_call_has(call, "raw"))
		return write_raw(call, raw);
	if (ctl_call_has(call, "json"))
		append_bounce_json(out, bounce, raw);
	else
		append_bounce_text(out, call, bounce, raw);
	return ctl_call_print(out);
}

static enum ctl_exit_code run_show(struct ctl_call *call)
{
	const char *const id[] = {ctl_call_argument(call, 1)};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) raw = NULL;
	g_autoptr(db_rows_t) bounce = ctl_connect_fetch(call, &operator_queries_bounce, id, &error);

	if (bounce)
		raw = ctl_connect_fetch(call, &operator_queries_bounce_raw, id, &error);
	return raw ? show(call, bounce, raw) : ctl_error_message_print(call, error);
}

CTL_COMMAND(command_bounce_show) = {
    .name = "bounce show",
    .topic = TOPIC_OVERVIEW,
    .arguments = {{&ctl_value_type_id, CTL_ONE}},
    .summary = "show a bounce: the verdict beside the message it was read from",
    .example = "bounce show 4711",
    .help = "The lines that decided are marked with \">\". On a terminal of 130 columns the two\n"
	    "stand beside each other.\n",
    .options = {show_options},
    .run = run_show,
};
