/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which recipients a mail is read to report on, one test for each example mail: those of
 * etc/dialects, which must be read as the dialect they lie beside, and those of
 * etc/phrases and tests/unit/data.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/verdict/classify.h"
#include "tests/unit/classifier/prose/examples.h"
#include "tests/unit/shipped_rules.h"

#define DIALECTS "etc/dialects"

static const struct ruleset *rules;

static const char *action_mark(enum report_action action)
{
	switch (action) {
	case REPORT_ACTION_DELAYED:
		return "~";
	case REPORT_ACTION_DELIVERED:
	case REPORT_ACTION_RELAYED:
	case REPORT_ACTION_EXPANDED:
		return "+";
	case REPORT_ACTION_NONE:
	case REPORT_ACTION_FAILED:
	case REPORT_ACTION_OTHER:
		break;
	}
	return "";
}

static int compare_words(const void *a, const void *b)
{
	return g_ascii_strcasecmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, as the expectation is by whoever wrote it. */
static char *sorted(char **words)
{
	qsort(words, g_strv_length(words), sizeof *words, compare_words);
	return g_strjoinv(" ", words);
}

static char *found_recipients(const struct report *report)
{
	g_auto(GStrv) words = g_new0(char *, report->recipient_count + 1);
	for (size_t i = 0; i < report->recipient_count; i++)
		words[i] = g_strconcat(action_mark(report->recipients[i].action),
				       report->recipients[i].recipient, NULL);
	return sorted(words);
}

static void check_ordinary(const struct mail *mail, const struct report *report)
{
	for (size_t i = 0; i == 0 || i < report->recipient_count; i++) {
		struct verdict verdict;
		classify(rules, report, report->recipient_count > 0 ? &report->recipients[i] : NULL,
			 &verdict);
		if (verdict.class == CLASS_HARD || verdict.class == CLASS_SOFT) {
			g_test_message("%s: %s (%s, %s)", mail->name,
				       reason_class_name(verdict.class),
				       report_kind_name(report->kind), report->dialect);
			g_test_fail();
		}
		verdict_clear(&verdict);
	}
}

/* "auto-reply", and behind it what the reply says: the day of return, "left", an address. */
static void check_auto_reply(const struct mail *mail, const struct report *report)
{
	g_autoptr(GString) found = g_string_new(report_kind_name(report->kind));
	found->str[4] = '-'; /* auto_reply */
	if (*report->facts.return_date)
		g_string_append_printf(found, " %s", report->facts.return_date);
	if (report->facts.has_left)
		g_string_append(found, " left");
	if (*report->facts.new_address)
		g_string_append_printf(found, " %s", report->facts.new_address);
	g_assert_cmpstr(found->str, ==, mail->expected);
}

static void check_recipients(const struct mail *mail, const struct report *report)
{
	g_auto(GStrv) words = g_strsplit(mail->expected, " ", -1);
	g_autofree char *expected = sorted(words);
	g_autofree char *found = found_recipients(report);
	if (g_ascii_strcasecmp(found, expected) == 0)
		return;
	g_test_message("%s: %s (%s, %s), not %s", mail->name, found, report_kind_name(report->kind),
		       report->dialect, expected);
	g_test_fail();
}

static void check_mail(const void *data)
{
	const struct mail *mail = data;
	g_autoptr(report_t) report =
	    reader_parse(mail->bytes, strlen(mail->bytes), &limits_default);

	if (strcmp(mail->expected, "ordinary") == 0)
		check_ordinary(mail, report);
	else if (g_str_has_prefix(mail->expected, "auto-reply"))
		check_auto_reply(mail, report);
	else
		check_recipients(mail, report);
}

static void check_dialect(const void *data)
{
	const struct mail *mail = data;
	g_autoptr(report_t) report =
	    reader_parse(mail->bytes, strlen(mail->bytes), &limits_default);

	g_assert_cmpstr(report->dialect, ==, mail->file);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_autoptr(ruleset_t) loaded = shipped_rules();
	rules = loaded;
	g_autoptr(GArray) mails = examples_new();
	examples_add_folder(mails, DIALECTS);
	guint of_dialects = mails->len;
	examples_add_folder(mails, "etc/phrases");
	examples_add_folder(mails, "tests/unit/data");
	for (guint i = 0; i < mails->len; i++) {
		const struct mail *mail = &g_array_index(mails, struct mail, i);
		g_autofree char *path = g_strdup_printf("/%s/%s", mail->file, mail->name);
		g_test_add_data_func(path, mail, check_mail);
		if (i < of_dialects && strcmp(mail->expected, "ordinary") != 0) {
			g_autofree char *name = g_strconcat(path, "/dialect", NULL);
			g_test_add_data_func(name, mail, check_dialect);
		}
	}
	return g_test_run();
}
