/* SPDX-License-Identifier: BSD-2-Clause
 *
 * No result hangs on the alphabet: where the openings of two sections of etc/dialects are
 * both in one example mail, their files state which is tried first. And every section is
 * the first that reads some example.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/prose/dialect_pattern.h"
#include "classifier/prose/dialects.h"
#include "classifier/read/reader.h"
#include "tests/unit/classifier/prose/examples.h"

/* [i][j] is '1' where it is stated that section i is tried before section j. */
static const char *const is_before[] = {
#include "dialect_order.inc"
};

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static const char *find_open(const struct prose_dialect *dialect, const char *text)
{
	for (const char *line = text; *line; line = next_line(line))
		if (dialect_pattern_match_phrase(dialect->open, line))
			return line;
	return NULL;
}

static bool is_recipient(const struct prose_dialect *dialect, const char *line)
{
	for (const char *const *pattern = dialect->recipient; *pattern; pattern++) {
		struct prose_match match = {0};
		if (dialect_pattern_match_line(*pattern, line, &match) && match.recipient.data)
			return true;
	}
	return false;
}

static bool names_recipient(const struct prose_dialect *dialect, const char *open)
{
	for (const char *line = open; *line; line = next_line(line)) {
		if (line != open && dialect_pattern_match_phrase(dialect->close, line))
			return false;
		if (is_recipient(dialect, line))
			return true;
	}
	return false;
}

static void check_pair(const struct mail *mail, size_t i, size_t j)
{
	if (is_before[i][j] == '1')
		return;
	g_test_message("[%s] and [%s] both open in %s: state a \"before\" or \"after\"",
		       prose_dialects[i].section, prose_dialects[j].section, mail->name);
	g_test_fail();
}

/* Marks the first section that names a recipient. */
static void check_mail(const struct mail *mail, bool *is_read)
{
	g_autoptr(report_t) report =
	    reader_parse(mail->bytes, strlen(mail->bytes), &limits_default);
	g_autofree bool *opens = g_new0(bool, prose_dialect_count);
	bool found = false;

	for (size_t i = 0; i < prose_dialect_count; i++) {
		const char *open = find_open(&prose_dialects[i], report->text);
		if (!open)
			continue;
		for (size_t before = 0; before < i; before++)
			if (opens[before])
				check_pair(mail, before, i);
		opens[i] = true;
		if (!found && names_recipient(&prose_dialects[i], open))
			is_read[i] = found = true;
	}
}

static void test_order(void)
{
	g_autoptr(GArray) mails = examples_new();
	g_autofree bool *is_read = g_new0(bool, prose_dialect_count);

	g_assert_cmpuint(G_N_ELEMENTS(is_before), ==, prose_dialect_count);
	examples_add_folder(mails, "etc/dialects");
	examples_add_folder(mails, "etc/phrases");
	examples_add_folder(mails, "tests/unit/data");
	for (guint i = 0; i < mails->len; i++)
		check_mail(&g_array_index(mails, struct mail, i), is_read);
	for (size_t i = 0; i < prose_dialect_count; i++) {
		if (is_read[i])
			continue;
		g_test_message("no example mail is read by [%s]", prose_dialects[i].section);
		g_test_fail();
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_test_add_func("/dialects/order", test_order);
	return g_test_run();
}
