/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whom a mail is read to speak of: tests/unit/data/dialects.txt, many systems'
 * manners and ordinary mail, one test a mail. The file's head describes its form.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/rules/ruleset.h"
#include "classifier/verdict/classify.h"

#define MAILS "tests/unit/data/dialects.txt"

struct mail {
	char *name;
	char *expected;
	char *bytes;
};

static const struct ruleset *rules;

static const char *const default_fields[] = {
    "Return-Path: <>",
    "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.customer.example>",
    "To: orders@shop.example",
    "Subject: Returned mail: see transcript for details",
    "Date: Sat, 21 Nov 2026 10:00:00 +0000",
    "Message-ID: <r1@mx.customer.example>",
};

static const char status_head[] =
    "MIME-Version: 1.0\n"
    "Content-Type: multipart/report; report-type=delivery-status; boundary=\"BB\"\n\n"
    "--BB\nContent-Type: text/plain\n\nThis is a report.\n\n"
    "--BB\nContent-Type: message/delivery-status\n\n";
static const char status_tail[] =
    "\n--BB\nContent-Type: message/rfc822\n\n"
    "From: orders@shop.example\n"
    "To: Anna <anna@customer.example>, bert@customer.example, carl@customer.example\n"
    "Subject: invoice\nMessage-ID: <c1@shop.example>\n\nhello\n--BB--\n";

/* "X: -" says that the field must not be there. */
static bool is_left_out(const char *field)
{
	return g_str_has_suffix(field, ": -");
}

static char *with_header(const char *text)
{
	const char *end = strstr(text, "\n\n");
	g_autofree char *header = g_strndup(text, (gsize)(end - text));
	g_auto(GStrv) lines = g_strsplit(header, "\n", -1);
	GString *out = g_string_new(NULL);

	for (size_t i = 0; lines[i] != NULL; i++)
		if (!is_left_out(lines[i]))
			g_string_append_printf(out, "%s\n", lines[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(default_fields); i++) {
		size_t name = strcspn(default_fields[i], ":") + 1;
		bool given = false;
		for (size_t j = 0; lines[j] != NULL; j++)
			given |= g_ascii_strncasecmp(lines[j], default_fields[i], name) == 0;
		if (!given)
			g_string_append_printf(out, "%s\n", default_fields[i]);
	}
	return g_string_free(g_string_append(out, end + 1), FALSE);
}

/* The text behind a line "=== name | sort | expected". */
static struct mail read_mail(const char *text)
{
	size_t line = strcspn(text, "\n");
	g_autofree char *title = g_strndup(text, line);
	g_auto(GStrv) fields = g_strsplit(title, " | ", 3);
	const char *body = text + line + 1;
	g_autofree char *whole = NULL;

	g_assert_cmpuint(g_strv_length(fields), ==, 3);
	if (strcmp(fields[1], "status") == 0)
		whole = g_strconcat(status_head, body, status_tail, NULL);
	return (struct mail){g_strdup(fields[0]), g_strdup(fields[2]),
			     with_header(whole ? whole : body)};
}

static GArray *read_mails(void)
{
	g_autofree char *text = NULL;
	GArray *mails = g_array_new(FALSE, FALSE, sizeof(struct mail));

	g_assert_true(g_file_get_contents(MAILS, &text, NULL, NULL));
	g_auto(GStrv) sections = g_strsplit(text, "\n=== ", -1);
	for (size_t i = 1; sections[i] != NULL; i++) {
		struct mail mail = read_mail(sections[i]);
		g_array_append_val(mails, mail);
	}
	return mails;
}

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

static void check_mail(const void *data)
{
	const struct mail *mail = data;
	g_autoptr(report_t) report =
	    reader_parse(mail->bytes, strlen(mail->bytes), &limits_default);

	if (strcmp(mail->expected, "ordinary") == 0) {
		check_ordinary(mail, report);
		return;
	}
	g_auto(GStrv) words = g_strsplit(mail->expected, " ", -1);
	g_autofree char *expected = sorted(words);
	g_autofree char *found = found_recipients(report);
	if (g_ascii_strcasecmp(found, expected) == 0)
		return;
	g_test_message("%s: %s (%s, %s), not %s", mail->name, found, report_kind_name(report->kind),
		       report->dialect, expected);
	g_test_fail();
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_autoptr(ruleset_t) loaded = ruleset_load("etc/rules", NULL, &error);
	g_assert_no_error(error);
	rules = loaded;
	g_autoptr(GArray) mails = read_mails();
	for (guint i = 0; i < mails->len; i++) {
		const struct mail *mail = &g_array_index(mails, struct mail, i);
		g_autofree char *path = g_strconcat("/dialects/", mail->name, NULL);
		g_test_add_data_func(path, mail, check_mail);
	}
	int status = g_test_run();
	for (guint i = 0; i < mails->len; i++) {
		struct mail *mail = &g_array_index(mails, struct mail, i);
		g_free(mail->name);
		g_free(mail->expected);
		g_free(mail->bytes);
	}
	return status;
}
