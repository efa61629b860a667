/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What people write on a command line: taken, set into shape, or refused.
 */
#include <string.h>

#include <glib.h>

#include "ctl/framework/value_type.h"
#include "ctl/options/value_types.h"

/* 2026-11-21 22:00 UTC */
static const gint64 now = G_GINT64_CONSTANT(1795298400) * G_USEC_PER_SEC;

static const struct {
	const struct ctl_value_type *kind;
	const char *text;
	const char *value; /* NULL: refused */
} rows[] = {
    {&ctl_value_type_count, "1", "1"},
    {&ctl_value_type_count, "1000000", "1000000"},
    {&ctl_value_type_count, "0", NULL},
    {&ctl_value_type_count, "1000001", NULL},
    {&ctl_value_type_count, "-1", NULL},
    {&ctl_value_type_count, "x", NULL},
    {&ctl_value_type_count, "", NULL},
    {&ctl_value_type_count, "99999999999999999999", NULL},
    {&ctl_value_type_id, "0", "0"},
    {&ctl_value_type_id, "9223372036854775807", "9223372036854775807"},
    {&ctl_value_type_id, "9223372036854775808", NULL},
    {&ctl_value_type_id, "99999999999999999999999", NULL},
    {&ctl_value_type_id, "", NULL},
    {&ctl_value_type_id, " 5", NULL},
    {&ctl_value_type_id, "+5", NULL},
    {&ctl_value_type_id, "-5", NULL},
    {&ctl_value_type_id, "5x", NULL},
    {&ctl_value_type_id, "5.0", NULL},
    {&ctl_value_type_text, "why not", "why not"},
    {&ctl_value_type_text, "", NULL},
    {&ctl_value_type_text, " \t", NULL},
    {&ctl_value_type_name, "", ""},
    {&value_class, "HARD", "hard"},
    {&value_class, "firm", NULL},
    {&value_state, "retry", "RETRY"},
    {&value_state, "nonsense", NULL},
    {&value_reason, "mailbox_full", "mailbox_full"},
    {&value_reason, "mailbox_ful", NULL},
    {&ctl_value_type_past, "30m", "2026-11-21T21:30:00Z"},
    {&ctl_value_type_past, "24h", "2026-11-20T22:00:00Z"},
    {&ctl_value_type_past, "7d", "2026-11-14T22:00:00Z"},
    {&ctl_value_type_past, "2w", "2026-11-07T22:00:00Z"},
    {&ctl_value_type_past, "yesterday", "yesterday"},
    {&ctl_value_type_past, "2026-11-01", "2026-11-01"},
    {&ctl_value_type_past, "2026-11-01 14:00", "2026-11-01 14:00"},
    {&ctl_value_type_past, "2026-11-01T14:00:05+01:00", "2026-11-01T14:00:05+01:00"},
    {&ctl_value_type_past, "2026-02-30", NULL},
    {&ctl_value_type_past, "2026-13-01", NULL},
    {&ctl_value_type_past, "2026-11-01 25:00", NULL},
    {&ctl_value_type_past, "7", NULL},
    {&ctl_value_type_past, "d", NULL},
    {&ctl_value_type_past, "7days", NULL},
    {&ctl_value_type_past, "", NULL},
    {&ctl_value_type_past, "999999999999d", NULL},
    {&ctl_value_type_past, "-7d", NULL},
    {&ctl_value_type_past, "nonsense", NULL},
    {&ctl_value_type_future, "3d", "2026-11-24T22:00:00Z"},
    {&ctl_value_type_future, "2w", "2026-12-05T22:00:00Z"},
    {&ctl_value_type_future, "tomorrow", "tomorrow"},
    {&ctl_value_type_future, "2026-12-24 09:00", "2026-12-24 09:00"},
    {&ctl_value_type_future, "2026-11-20", NULL},
    {&ctl_value_type_future, "yesterday", NULL},
    {&ctl_value_type_future, "soon", NULL},
};

static void test_values(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *complaint = NULL;
		g_autofree char *value =
		    ctl_value_type_read(rows[i].kind, rows[i].text, now, &complaint);

		g_test_message("%s %s", rows[i].kind->name, rows[i].text);
		g_assert_cmpstr(value, ==, rows[i].value);
		g_assert_true((complaint != NULL) == (value == NULL));
	}
}

static void test_complaint(void)
{
	g_autofree char *complaint = NULL;

	g_assert_null(ctl_value_type_read(&value_class, "sft", now, &complaint));
	g_assert_cmpstr(complaint, ==,
			"there is no \"sft\"; did you mean soft? There are hard, soft, technical, "
			"auto_reply, unclassified");
}

static void test_suggest(void)
{
	static const char *const words[] = {"tasks", "task", "show", "status", "reclassify", NULL};
	static const struct {
		const char *meant;
		const char *word;
	} suggestions[] = {{"taks", "tasks"},
			   {"statsu", "status"},
			   {"recl", "reclassify"},
			   {"xylophone", NULL},
			   {"", NULL},
			   {"shwo", "show"},
			   {"s", "show"},
			   {"reclasify", "reclassify"}};

	for (size_t i = 0; i < G_N_ELEMENTS(suggestions); i++) {
		g_test_message("%s", suggestions[i].meant);
		g_assert_cmpstr(ctl_value_type_suggest(suggestions[i].meant, words), ==,
				suggestions[i].word);
	}
	g_autofree char *endless = g_strnfill(100000, 'x');
	g_assert_null(ctl_value_type_suggest(endless, words));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/value/values", test_values);
	g_test_add_func("/value/complaint", test_complaint);
	g_test_add_func("/value/suggest", test_suggest);
	return g_test_run();
}
