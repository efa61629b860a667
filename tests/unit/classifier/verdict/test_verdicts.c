/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whole mails in rare forms, tests/unit/data/verdicts.txt: who is read from each, and with which
 * class. A mail begins with a line "=== name | address class; address class".
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/verdict/classify.h"
#include "tests/unit/shipped_rules.h"

#define FILE_NAME "tests/unit/data/verdicts.txt"

static const struct ruleset *rules;

struct mail {
	char *expected;
	char *bytes;
};

static void free_mail(gpointer data)
{
	struct mail *mail = data;
	g_free(mail->expected);
	g_free(mail->bytes);
	g_free(mail);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "address class" of every recipient, sorted, as the file has them. */
static char *judge(const char *bytes)
{
	g_autoptr(report_t) report = reader_parse(bytes, strlen(bytes), &limits_default);
	g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < report->recipient_count; i++) {
		const struct report_recipient *recipient = &report->recipients[i];
		struct verdict verdict;

		classify(rules, report, recipient, &verdict);
		const char *address = *recipient->original_recipient ? recipient->original_recipient
								     : recipient->recipient;
		g_ptr_array_add(
		    seen, g_strdup_printf("%s %s", address, reason_class_name(verdict.class)));
		verdict_clear(&verdict);
	}
	g_ptr_array_sort(seen, compare_lines);
	g_ptr_array_add(seen, NULL);
	return g_strjoinv("; ", (char **)seen->pdata);
}

static void test_mail(gconstpointer data)
{
	const struct mail *mail = data;
	g_autofree char *seen = judge(mail->bytes);
	g_assert_cmpstr(seen, ==, mail->expected);
}

static void add_mails(const char *text)
{
	g_auto(GStrv) sections = g_strsplit(text, "\n=== ", -1);

	for (size_t i = 1; sections[i]; i++) {
		g_auto(GStrv) head_and_mail = g_strsplit(sections[i], "\n", 2);
		g_auto(GStrv) title = g_strsplit(head_and_mail[0], " |", 2);
		g_autofree char *path = g_strconcat("/verdicts/", title[0], NULL);
		struct mail *mail = g_new(struct mail, 1);

		mail->expected = g_strdup(g_strchug(title[1]));
		mail->bytes = g_strdup(head_and_mail[1]);
		g_test_add_data_func_full(path, mail, test_mail, free_mail);
	}
}

int main(int argc, char **argv)
{
	g_autofree char *text = NULL;
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_autoptr(ruleset_t) loaded = shipped_rules();
	rules = loaded;
	g_assert_true(g_file_get_contents(FILE_NAME, &text, NULL, NULL));
	add_mails(text);
	return g_test_run();
}
