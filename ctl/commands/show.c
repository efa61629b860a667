/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl show, bounces, bounce show: what happened to a communication, and
 * what a report said beside what was made of it.
 */
#include "ctl/commands/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classifier/text/fold.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"
#include "ctl/framework/view.h"
#include "db/operator_queries.h"

/* --- show COMMUNICATION ---------------------------------------------------------- */

static const struct ctl_view communication_view = {
    .binds = "1",
    .sections =
	{{.name = "communication",
	  .statement = &people_communication,
	  .layout = CTL_BLOCKS,
	  .empty = "there is no such communication",
	  .is_required = true},
	 {.name = "recipients",
	  .statement = &people_communication_recipients,
	  .columns =
	      "address state attempts class reason delivery? due_at? next_attempt_at? task_id "
	      "is_blocked? response? diagnostic?"},
	 {.name = "story",
	  .statement = &people_communication_story,
	  .columns = "at event recipient? bounce_id? actor? text~"}},
};

static const struct ctl_view find_view = {
    .binds = "1",
    .sections = {{.name = "communications", .statement = &people_find, .columns = "id matched"}},
};

static void set_argument(struct ctl_call *call, const char *value)
{
	g_free(call->arguments->pdata[0]);
	call->arguments->pdata[0] = g_strdup(value);
}

/* An id is what it says; of anything else that names several, all are listed. */
static int show_found(struct ctl_call *call, const struct db_rows *found)
{
	size_t count = db_rows_count(found);

	if (count == 0) {
		fprintf(stderr,
			"bouncectl %s: no communication has this id, envelope id, Message-ID, "
			"reference or address\n",
			call->command->name);
		return CTL_EXIT_FAULT;
	}
	bool is_sure = count == 1 || strcmp(db_rows_find(found, 0, "matched"), "id") == 0;
	if (!is_sure)
		return ctl_view_show(call, &find_view);
	set_argument(call, db_rows_find(found, 0, "id"));
	return ctl_view_show(call, &communication_view);
}

int ctl_show_run(struct ctl_call *call)
{
	const char *const what[] = {ctl_argument(call, 1)};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);

	if (pool == NULL)
		return ctl_output_error(call, error);
	g_autoptr(db_rows_t) found = db_rows_fetch(pool, &people_find, what, &error);
	return found == NULL ? ctl_output_error(call, error) : show_found(call, found);
}

const struct ctl_command ctl_show = {
    .name = "show",
    .arguments = "COMMUNICATION",
    .summary = "show a communication's whole story: sent, bounced, sent again, who did what",
    .example = "show R-2026-4711",
    .help = "COMMUNICATION is an id, an envelope id, a Message-ID, a business reference or an\n"
	    "address. Where several fit, they are listed, the newest first.\n",
    .run = ctl_show_run,
};

/* --- bounces ------------------------------------------------------------------------ */

static const struct ctl_option list_options[] = {
    {"communication", "ID", "only those of this communication", NULL},
    {"address", "TEXT", "only those whose address contains this", NULL},
    {"class", "CLASS", "only hard, soft, technical, auto_reply or unclassified", NULL},
    {"since", "TIME", "from then on: 24h, 7d, a date", NULL},
    {"until", "TIME", "before then", NULL},
    {"limit", "N", "at most so many", "50"},
    {0},
};

static const struct ctl_view list_view = {
    .binds = "communication address class since until limit",
    .sections =
	{{.name = "bounces",
	  .statement = &people_bounces,
	  .columns =
	      "id received_at class reason recipient communication_id? diagnostic? trust? rule?",
	  .empty = "no bounce"}},
};

const struct ctl_command ctl_bounces = {
    .name = "bounces",
    .arguments = "",
    .summary = "list what came back, the newest first",
    .example = "bounces --class hard --since 24h",
    .options = list_options,
    .run = ctl_view_run,
    .view = &list_view,
};

enum {
	VERDICT_WIDTH = 60,     /* columns of the verdict beside the message */
	BESIDE_WIDTH_MIN = 130, /* of a terminal on which there is room for both */
};

/* --- bounce show --------------------------------------------------------------------- */

static const struct ctl_option bounce_options[] = {
    {"raw", NULL, "only the message, byte by byte as it came", NULL},
    {"lines", "N", "lines of the message beside the verdict", "60"},
    {0},
};

static int write_raw(const struct db_rows *raw)
{
	size_t len = 0;
	const char *bytes = db_rows_count(raw) == 0 ? NULL : db_rows_bytes(raw, 0, "raw", &len);

	if (bytes == NULL) {
		fputs("bouncectl bounce show: the message is not kept any more\n", stderr);
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
	g_autofree char *folded = text_fold(both, NULL);
	g_autofree char *alone = text_fold(next == NULL ? "" : next, NULL);

	return *evidence != '\0' && strcasestr(folded, evidence) != NULL &&
	       strcasestr(alone, evidence) == NULL;
}

/* The message's lines, marked; at most lines_max of them. Heap strings. */
static GPtrArray *raw_lines(const char *bytes, const char *evidence, guint64 lines_max,
			    const struct table_style *style)
{
	g_autofree char *clean = table_clean(bytes, style->utf8, TABLE_KEEP_LINES);
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

static void append_line(GString *out, const char *line, const struct table_style *style)
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
		append_line(out, raw->pdata[i], style);
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
		g_autofree char *line =
		    i < raw->len ? table_cut(raw->pdata[i], right_width, style) : g_strdup("");

		g_string_append_printf(out, "%s%*s", text,
				       (int)(VERDICT_WIDTH + 2 - table_text_width(text)), "");
		append_line(out, line, style);
	}
}

static void add_json(GString *out, const struct db_rows *bounce, const struct db_rows *raw)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	size_t len;
	const char *bytes = db_rows_count(raw) == 0 ? NULL : db_rows_bytes(raw, 0, "raw", &len);

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "bounce");
	ctl_output_json_row(builder, bounce, 0);
	json_builder_set_member_name(builder, "raw");
	if (bytes == NULL) {
		json_builder_add_null_value(builder);
	} else {
		g_autofree char *text = g_utf8_make_valid(bytes, (gssize)len);
		json_builder_add_string_value(builder, text);
	}
	json_builder_end_object(builder);
	ctl_output_json_append(builder, out);
}

static char *verdict_text(const struct db_rows *bounce, const struct table_style *style)
{
	g_autoptr(table_t) table = ctl_output_table(bounce, NULL);
	GString *text = g_string_new(NULL);

	table_print_blocks(table, style, text);
	return g_string_free(text, FALSE);
}

static void add_text(GString *out, const struct ctl_call *call, const struct db_rows *bounce,
		     const struct db_rows *raw)
{
	const struct table_style style = ctl_output_style();
	const struct table_style narrow = {.width = VERDICT_WIDTH, .utf8 = style.utf8};
	const char *evidence = db_rows_find(bounce, 0, "evidence");
	size_t len;
	const char *bytes = db_rows_count(raw) == 0 ? NULL : db_rows_bytes(raw, 0, "raw", &len);
	bool is_wide = style.width >= BESIDE_WIDTH_MIN && bytes != NULL;
	g_autofree char *verdict = verdict_text(bounce, is_wide ? &narrow : &style);
	g_autoptr(GPtrArray) lines =
	    raw_lines(bytes == NULL ? "the message is not kept any more" : bytes,
		      evidence == NULL ? "" : evidence,
		      g_ascii_strtoull(ctl_option(call, "lines"), NULL, 10), &style);

	(is_wide ? append_beside : append_below)(out, verdict, lines, &style);
}

static int run_bounce_show(struct ctl_call *call)
{
	const char *const id[] = {ctl_argument(call, 1)};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	g_autoptr(db_rows_t) bounce =
	    pool == NULL ? NULL : db_rows_fetch(pool, &people_bounce, id, &error);
	g_autoptr(db_rows_t) raw =
	    bounce == NULL ? NULL : db_rows_fetch(pool, &people_bounce_raw, id, &error);
	g_autoptr(GString) out = g_string_new(NULL);

	if (raw == NULL)
		return ctl_output_error(call, error);
	if (db_rows_count(bounce) == 0) {
		fprintf(stderr, "bouncectl bounce show: there is no bounce %s\n", id[0]);
		return CTL_EXIT_FAULT;
	}
	if (ctl_flag(call, "raw"))
		return write_raw(raw);
	if (ctl_flag(call, "json"))
		add_json(out, bounce, raw);
	else
		add_text(out, call, bounce, raw);
	return ctl_output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

const struct ctl_command ctl_bounce_show = {
    .name = "bounce show",
    .arguments = "ID",
    .summary = "show a bounce: the verdict beside the message it was read from",
    .example = "bounce show 4711",
    .help = "The lines that decided are marked with \">\". On a terminal of 130 columns the two\n"
	    "stand beside each other.\n",
    .options = bounce_options,
    .run = run_bounce_show,
};
