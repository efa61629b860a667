/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl housekeeping, erase: what time or a person asks to be removed.
 */
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/view.h"
#include "ctl/options/common_options.h"
#include "ctl/options/topics.h"
#include "db/people/operator_queries.h"

static const struct ctl_option housekeeping_options[] = {
    {.name = "batch",
     .value = &ctl_value_type_count,
     .help = "at most this many rows in each step",
     .default_value = "1000"},
    {0},
};

enum { MONTHS_MAX = 500 }; /* of three tables, for as long as events are kept */

static const struct ctl_view housekeeping_view = {
    .parameters = {"batch", "made", "dropped"},
    .sections = {{.name = "housekeeping",
		  .statement = &operator_queries_housekeeping,
		  .columns = {CTL_COLUMN("step"), CTL_COLUMN("done")}}}};

/* What became of the partition that is due: made, dropped, locked; "": none is. NULL on error. */
static char *keep_month(struct ctl_call *call, GError **error)
{
	g_autoptr(db_rows_t) rows =
	    ctl_connect_fetch(call, &operator_queries_keep_month, NULL, error);

	return rows ? g_strdup(db_rows_find(rows, 0, "done")) : NULL;
}

static void set_count(struct ctl_call *call, const char *name, unsigned count)
{
	g_autofree char *text = g_strdup_printf("%u", count);

	ctl_call_set(call, name, text);
}

/* A transaction for each partition: who records waits for one at a time. */
static enum ctl_exit_code run_housekeeping(struct ctl_call *call)
{
	unsigned made = 0, dropped = 0;

	for (unsigned n = 0; n < MONTHS_MAX; n++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *done = keep_month(call, &error);

		if (!done)
			return ctl_error_message_print(call, error);
		if (g_str_equal(done, "") || g_str_equal(done, "locked"))
			break;
		made += g_str_equal(done, "made");
		dropped += g_str_equal(done, "dropped");
	}
	set_count(call, "made", made);
	set_count(call, "dropped", dropped);
	return ctl_view_show(call, &housekeeping_view);
}

CTL_COMMAND(command_housekeeping) = {
    .name = "housekeeping",
    .topic = TOPIC_MAINTENANCE,
    .summary = "make the next months' partitions, count days, erase what is old; hourly",
    .help = "Partitions that are too old are dropped, messages and words whose time is over are\n"
	    "erased: a step a line, with what it has done. Run it again while a step has done as\n"
	    "much as --batch allows.\n",
    .example = "housekeeping",
    .options = {housekeeping_options},
    .run = run_housekeeping,
};

static const struct ctl_option erase_options[] = {
    {.name = "person",
     .help = "the argument is a person's reference: erase all addresses of this person"},
    {.name = "yes", .help = "do it; without this, only show what would be erased"},
    {0},
};

static const struct ctl_view erase_view = {
    .parameters = {"ADDRESS|PERSON", "why", "person"},
    .sections = {{.name = "erase",
		  .statement = &operator_queries_erase,
		  .layout = CTL_SENTENCE,
		  .sentence = "{name}: erased in {rows} recipients, reports and blocks"}},
};

static enum ctl_exit_code run_erase(struct ctl_call *call)
{
	static const struct ctl_section section = {
	    .columns = {CTL_COLUMN("what"), CTL_COLUMN("number"), CTL_WRAPPED("sample")}};
	const char *const values[] = {ctl_call_argument(call, 1), ctl_call_option(call, "person")};
	g_autoptr(GError) error = NULL;

	if (ctl_call_has(call, "yes"))
		return ctl_view_show(call, &erase_view);
	g_autoptr(db_rows_t) rows =
	    ctl_connect_fetch(call, &operator_queries_erase_preview, values, &error);
	return rows ? ctl_view_print(call, &section, rows,
				     "\nNothing was changed. What is erased cannot be brought "
				     "back. Do it with --yes.\n")
		    : ctl_error_message_print(call, error);
}

CTL_COMMAND(command_erase) = {
    .name = "erase",
    .topic = TOPIC_MAINTENANCE,
    .arguments = {{&(const struct ctl_value_type){.name = "ADDRESS|PERSON"}, CTL_ONE}},
    .summary = "erase the personal data of an address, or of a person; figures stay",
    .help = "Erased are the address itself, words, messages, its open tasks and its block. What\n"
	    "it would be is shown first; --yes does it. Nothing brings it back.\n",
    .example = "erase jane@customer.example --why 'her wish' --yes",
    .options = {erase_options, common_options_why},
    .run = run_erase,
};
