/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What people write on a command line: taken, set into shape, or refused.
 */
#include <string.h>

#include <glib.h>

#include "ctl/framework/value.h"

/* 2026-11-21 22:00 UTC */
static const gint64 now = G_GINT64_CONSTANT(1795298400) * G_USEC_PER_SEC;

static const struct {
	const char *kind;
	const char *text;
	const char *value; /* NULL: refused */
} rows[] = {
    {"N", "1", "1"},
    {"N", "1000000", "1000000"},
    {"N", "0", NULL},
    {"N", "1000001", NULL},
    {"N", "-1", NULL},
    {"N", "x", NULL},
    {"N", "", NULL},
    {"N", "99999999999999999999", NULL},
    {"ID", "0", "0"},
    {"ID", "999999999999999999", "999999999999999999"},
    {"ID", "9999999999999999999", NULL},
    {"ID", "5.0", NULL},
    {"TEXT", "why not", "why not"},
    {"TEXT", "", NULL},
    {"TEXT", " \t", NULL},
    {"NAME", "", ""},
    {"CLASS", "HARD", "hard"},
    {"CLASS", "firm", NULL},
    {"STATE", "retry", "RETRY"},
    {"STATE", "nonsense", NULL},
    {"REASON", "mailbox_full", "mailbox_full"},
    {"REASON", "mailbox_ful", NULL},
    {"TIME", "30m", "2026-11-21T21:30:00Z"},
    {"TIME", "24h", "2026-11-20T22:00:00Z"},
    {"TIME", "7d", "2026-11-14T22:00:00Z"},
    {"TIME", "2w", "2026-11-07T22:00:00Z"},
    {"TIME", "yesterday", "yesterday"},
    {"TIME", "2026-11-01", "2026-11-01"},
    {"TIME", "2026-11-01 14:00", "2026-11-01 14:00"},
    {"TIME", "2026-11-01T14:00:05+01:00", "2026-11-01T14:00:05+01:00"},
    {"TIME", "2026-02-30", NULL},
    {"TIME", "2026-13-01", NULL},
    {"TIME", "2026-11-01 25:00", NULL},
    {"TIME", "7", NULL},
    {"TIME", "d", NULL},
    {"TIME", "7days", NULL},
    {"TIME", "", NULL},
    {"TIME", "999999999999d", NULL},
    {"TIME", "-7d", NULL},
    {"TIME", "nonsense", NULL},
    {"WHEN", "3d", "2026-11-24T22:00:00Z"},
    {"WHEN", "2w", "2026-12-05T22:00:00Z"},
    {"WHEN", "tomorrow", "tomorrow"},
    {"WHEN", "2026-12-24 09:00", "2026-12-24 09:00"},
    {"WHEN", "2026-11-20", NULL},
    {"WHEN", "yesterday", NULL},
    {"WHEN", "soon", NULL},
};

static void test_values(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *complaint = NULL;
		g_autofree char *value =
		    ctl_value_read(rows[i].kind, rows[i].text, now, &complaint);

		g_test_message("%s %s", rows[i].kind, rows[i].text);
		g_assert_cmpstr(value, ==, rows[i].value);
		g_assert_true((complaint != NULL) == (value == NULL));
	}
}

static void test_complaint(void)
{
	g_autofree char *complaint = NULL;

	g_assert_null(ctl_value_read("CLASS", "sft", now, &complaint));
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
		g_assert_cmpstr(ctl_suggest(suggestions[i].meant, words), ==, suggestions[i].word);
	}
	g_autofree char *endless = g_strnfill(100000, 'x');
	g_assert_null(ctl_suggest(endless, words));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/value/values", test_values);
	g_test_add_func("/value/complaint", test_complaint);
	g_test_add_func("/value/suggest", test_suggest);
	return g_test_run();
}
