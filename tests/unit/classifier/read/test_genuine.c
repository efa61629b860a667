/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is read from the mails that real mail systems made (tests/genuine): one
 * test per mail, one row per recipient, from tests/mails/genuine/expected.tsv.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/verdict/classify.h"
#include "tests/unit/shipped_rules.h"

#define MAILS "tests/mails/genuine/"

enum column {
	FILE_NAME,
	KIND,
	RECIPIENT,
	ACTION,
	STATUS,
	REPLY_CODE,
	CLASS,
	REASON,
	COLUMNS,
	OPEN = COLUMNS
};

static const char *const column_names[COLUMNS] = {
    "file", "kind", "recipient", "action", "status", "reply_code", "class", "reason",
};

static const struct ruleset *rules;

/* "*" fits everything, "a|b" fits a and b. */
static bool fits(const char *expected, const char *found)
{
	g_auto(GStrv) alternatives = g_strsplit(expected, "|", -1);

	return strcmp(expected, "*") == 0 || (*expected == '\0' && *found == '\0') ||
	       g_strv_contains((const char *const *)alternatives, found);
}

/* The recipient that the row speaks of; NULL for a report that names none. */
static const struct report_recipient *find_recipient(const struct report *report,
						     const char *address)
{
	for (size_t i = 0; i < report->recipient_count; i++)
		if (fits(address, report->recipients[i].recipient))
			return &report->recipients[i];
	return NULL;
}

/* Notes in wrong what differs from the row. */
static void compare(const struct report *report, char **row, GString *wrong)
{
	const struct report_recipient *recipient = find_recipient(report, row[RECIPIENT]);
	struct verdict verdict;

	classify(rules, report, recipient, &verdict);
	const char *const found[COLUMNS] = {
	    [FILE_NAME] = row[FILE_NAME],
	    [KIND] = report_kind_name(report->kind),
	    [RECIPIENT] = recipient ? recipient->recipient : "",
	    [ACTION] = recipient ? report_action_name(recipient->action) : "",
	    [STATUS] = recipient ? recipient->status : "",
	    [REPLY_CODE] = recipient ? recipient->reply_code : "",
	    [CLASS] = reason_class_name(verdict.class),
	    [REASON] = verdict.reason->name,
	};
	for (size_t i = 0; i < COLUMNS; i++)
		if (!fits(row[i], found[i]))
			g_string_append_printf(wrong, " %s of %s: expected %s, found %s;",
					       column_names[i], row[RECIPIENT], row[i], found[i]);
	verdict_clear(&verdict);
}

/* One mail: rows is an array of split lines, all of the same file. */
static void test_mail(const void *data)
{
	const GPtrArray *mail_rows = data;
	char **first = g_ptr_array_index(mail_rows, 0);
	g_autofree char *path = g_strconcat(MAILS, first[FILE_NAME], NULL);
	g_autofree char *bytes = NULL;
	gsize len;
	g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));

	g_autoptr(report_t) report = reader_parse(bytes, len, &limits_default);
	g_autoptr(GString) wrong = g_string_new(NULL);
	for (guint i = 0; i < mail_rows->len; i++)
		compare(report, g_ptr_array_index(mail_rows, i), wrong);
	if (strcmp(first[RECIPIENT], "*") != 0 && report->recipient_count > mail_rows->len)
		g_string_append_printf(wrong, " %zu recipients, expected %u;",
				       report->recipient_count, mail_rows->len);

	const char *open = g_strv_length(first) > OPEN ? first[OPEN] : "";
	if (wrong->len > 0 && *open != '\0')
		g_test_incomplete(open);
	else if (wrong->len > 0)
		g_test_fail_printf("%s", wrong->str);
}

/* Every mail has a row; a forgotten one would never be looked at. */
static void test_complete(const void *data)
{
	const GPtrArray *all = data;
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GDir) top = g_dir_open(MAILS, 0, NULL);

	g_assert_nonnull(top);
	for (guint i = 0; i < all->len; i++) {
		const GPtrArray *mail_rows = g_ptr_array_index(all, i);
		char **row = g_ptr_array_index(mail_rows, 0);
		g_hash_table_add(known, row[FILE_NAME]);
	}
	for (const char *name; (name = g_dir_read_name(top)) != NULL;) {
		g_autofree char *path = g_strconcat(MAILS, name, NULL);
		g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
		for (const char *mail;
		     folder != NULL && (mail = g_dir_read_name(folder)) != NULL;) {
			g_autofree char *file = g_strconcat(name, "/", mail, NULL);
			if (!g_hash_table_contains(known, file))
				g_test_fail_printf("%s has no row in expected.tsv", file);
		}
	}
}

/* The table, grouped: one element per run of lines with the same file. */
static GPtrArray *read_table(void)
{
	GPtrArray *all = g_ptr_array_new();
	GPtrArray *current = NULL;
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(MAILS "expected.tsv", &text, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		if (**line == '#' || **line == '\0')
			continue;
		char **row = g_strsplit(*line, "\t", -1);
		g_assert_cmpuint(g_strv_length(row), >=, COLUMNS);
		char **before = current ? g_ptr_array_index(current, 0) : NULL;
		if (!before || strcmp(before[FILE_NAME], row[FILE_NAME]) != 0) {
			current = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
			g_ptr_array_add(all, current);
		}
		g_ptr_array_add(current, row);
	}
	return all;
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_autoptr(ruleset_t) loaded = shipped_rules();
	rules = loaded;

	g_autoptr(GPtrArray) all = read_table();
	g_test_add_data_func("/genuine/complete", all, test_complete);
	for (guint i = 0; i < all->len; i++) {
		GPtrArray *mail_rows = g_ptr_array_index(all, i);
		char **row = g_ptr_array_index(mail_rows, 0);
		g_autofree char *path = g_strconcat("/genuine/", row[FILE_NAME], NULL);
		g_test_add_data_func(path, mail_rows, test_mail);
	}
	int status = g_test_run();
	for (guint i = 0; i < all->len; i++)
		g_ptr_array_unref(g_ptr_array_index(all, i));
	return status;
}
