/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table of reasons holds what the design says of classes.
 */
#include <string.h>

#include <glib.h>

#include "classifier/rules/reason.h"

static void check_names(void)
{
	size_t count = 0;
	const struct reason *reasons = reason_all(&count);

	g_assert_cmpuint(count, ==, REASON_COUNT);
	for (size_t i = 0; i < count; i++) {
		g_assert_true(reason_find(reasons[i].name) == &reasons[i]);
		g_assert_cmpuint(strspn(reasons[i].name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
				 ==, strlen(reasons[i].name));
		g_assert_cmpstr(reasons[i].meaning, !=, "");
	}
	g_assert_null(reason_find("no_such_reason"));
	g_assert_null(reason_find(""));
}

/* Giving up after temporary answers is never hard; a notice is neither hard nor soft. */
static void check_classes(void)
{
	size_t count = 0;
	const struct reason *reasons = reason_all(&count);

	for (size_t i = 0; i < count; i++) {
		g_assert_cmpint(reasons[i].class_temporary, !=, CLASS_HARD);
		if (!reasons[i].is_notice)
			continue;
		g_assert_true(reasons[i].class == CLASS_TECHNICAL ||
			      reasons[i].class == CLASS_AUTO_REPLY);
		g_assert_cmpint(reasons[i].class, ==, reasons[i].class_temporary);
	}
}

static void check_class_of(void)
{
	static const struct {
		enum reason_id reason;
		enum permanence permanence;
		enum bounce_class class;
	} rows[] = {
	    {REASON_user_unknown, PERMANENCE_PERMANENT, CLASS_HARD},
	    {REASON_user_unknown, PERMANENCE_UNKNOWN, CLASS_HARD},
	    {REASON_user_unknown, PERMANENCE_TEMPORARY, CLASS_SOFT},
	    {REASON_mailbox_disabled, PERMANENCE_TEMPORARY, CLASS_SOFT},
	    {REASON_domain_unknown, PERMANENCE_PERMANENT, CLASS_HARD},
	    {REASON_dns_failure, PERMANENCE_PERMANENT, CLASS_SOFT},
	    {REASON_mailbox_full, PERMANENCE_PERMANENT, CLASS_SOFT},
	    {REASON_spam_rejected, PERMANENCE_PERMANENT, CLASS_TECHNICAL},
	    {REASON_message_too_large, PERMANENCE_TEMPORARY, CLASS_TECHNICAL},
	    {REASON_delayed, PERMANENCE_TEMPORARY, CLASS_TECHNICAL},
	    {REASON_vacation, PERMANENCE_UNKNOWN, CLASS_AUTO_REPLY},
	    {REASON_undetermined, PERMANENCE_PERMANENT, CLASS_UNCLASSIFIED},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_test_message("%s, %s", reason_get(rows[i].reason)->name,
			       permanence_name(rows[i].permanence));
		g_assert_cmpint(reason_class(reason_get(rows[i].reason), rows[i].permanence), ==,
				rows[i].class);
	}
}

static void check_permanence(void)
{
	static const struct {
		const char *status;
		const char *reply;
		enum permanence permanence;
	} rows[] = {
	    {"5.1.1", "550", PERMANENCE_PERMANENT}, {"4.2.2", "452", PERMANENCE_TEMPORARY},
	    {"", "550", PERMANENCE_PERMANENT},      {"", "421", PERMANENCE_TEMPORARY},
	    {"5.0.0", "450", PERMANENCE_TEMPORARY}, {"4.0.0", "550", PERMANENCE_PERMANENT},
	    {"4.4.7", "550", PERMANENCE_TEMPORARY}, {"5.0.0", "", PERMANENCE_PERMANENT},
	    {"2.0.0", "", PERMANENCE_UNKNOWN},      {"", "", PERMANENCE_UNKNOWN},
	    {"?", "x", PERMANENCE_UNKNOWN},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_test_message("%s %s", rows[i].status, rows[i].reply);
		g_assert_cmpint(permanence_of_codes(rows[i].status, rows[i].reply), ==,
				rows[i].permanence);
	}
}

static const char *const doc_lines[] = {
#include "reasons_doc.inc"
};

/* The tables stand between markers, each after a blank line. */
static void check_document(void)
{
	g_autofree char *text = NULL;
	bool is_table = false;
	size_t next = 0;

	g_assert_true(g_file_get_contents("doc/reasons.md", &text, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		if (g_str_has_prefix(*line, "<!-- etc/reasons.txt: ")) {
			is_table = true;
			g_assert_cmpstr(*++line, ==, "");
			continue;
		}
		is_table = is_table && strcmp(*line, "<!-- end -->") != 0;
		if (!is_table)
			continue;
		if (next == G_N_ELEMENTS(doc_lines) || strcmp(*line, doc_lines[next]) != 0)
			g_error("doc/reasons.md: is not what etc/reasons.txt says, "
				"make reasons-doc mends it: %s",
				*line);
		next++;
	}
	g_assert_cmpuint(next, ==, G_N_ELEMENTS(doc_lines));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/reason/names", check_names);
	g_test_add_func("/reason/classes", check_classes);
	g_test_add_func("/reason/class-of", check_class_of);
	g_test_add_func("/reason/permanence", check_permanence);
	g_test_add_func("/reason/document", check_document);
	return g_test_run();
}
