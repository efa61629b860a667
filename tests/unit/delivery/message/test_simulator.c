/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What each test address sends back is judged by the shipped rules as the thing that it stands for.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/verdict/classify.h"
#include "delivery/message/simulator.h"
#include "tests/unit/shipped_rules.h"

static struct ruleset *rules;

struct row {
	const char *name;
	const char *expected; /* "kind class reason recipient return-date new-address" */
};

static char *judged(const char *text)
{
	g_autoptr(report_t) report = reader_parse(text, strlen(text), &limits_default);
	const struct report_recipient *recipient =
	    report->recipient_count > 0 ? &report->recipients[0] : NULL;
	struct verdict verdict;

	classify(rules, report, recipient, &verdict);
	char *line =
	    g_strjoin(" ", report_kind_name(report->kind), reason_class_name(verdict.class),
		      verdict.reason->name, recipient ? recipient->recipient : "-",
		      *report->facts.return_date ? report->facts.return_date : "-",
		      *report->facts.new_address ? report->facts.new_address : "-", NULL);
	verdict_clear(&verdict);
	return line;
}

static char *simulated(const char *name)
{
	char *addresses[] = {g_strconcat(name, "+7@bounce-test.invalid", NULL), NULL};
	const struct db_item item = {.addresses = addresses,
				     .sender = (char *)"bounce+token@bounces.example.org",
				     .simulates = (char *)name};
	const struct db_content content = {.message_id = (char *)"one@example.org",
					   .envelope_id = (char *)"0123456789abcdef"};
	g_autoptr(GDateTime) now = g_date_time_new_utc(2026, 11, 28, 8, 30, 0);
	g_autoptr(GBytes) bytes = simulator_report(&item, &content, now);
	gsize size;
	const char *text = g_bytes_get_data(bytes, &size);

	g_free(addresses[0]);
	return g_strndup(text, size);
}

static void check_behaviours(void)
{
	static const struct row rows[] = {
	    {"hard", "dsn hard user_unknown hard+7@bounce-test.invalid - -"},
	    {"soft", "dsn soft mailbox_full soft+7@bounce-test.invalid - -"},
	    {"technical", "dsn technical spam_rejected technical+7@bounce-test.invalid - -"},
	    {"unclassified", "other unclassified undetermined - - -"},
	    {"delayed", "delay technical delayed delayed+7@bounce-test.invalid - -"},
	    {"delivered", "success technical delivered delivered+7@bounce-test.invalid - -"},
	    {"complaint", "complaint technical complaint complaint+7@bounce-test.invalid - -"},
	    {"auto-reply",
	     "auto_reply auto_reply vacation auto-reply+7@bounce-test.invalid 2026-12-05 -"},
	    {"left", "auto_reply auto_reply has_left left+7@bounce-test.invalid - "
		     "successor@bounce-test.invalid"},
	    {"anything", "dsn hard user_unknown anything+7@bounce-test.invalid - -"},
	    {"", "dsn hard user_unknown +7@bounce-test.invalid - -"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = simulated(rows[i].name);
		g_autofree char *line = judged(text);

		g_assert_cmpstr(line, ==, rows[i].expected);
	}
}

static void check_lines(void)
{
	g_autofree char *text = simulated("hard");

	for (const char *p = text; *p != '\0'; p++)
		g_assert_true(*p != '\n' || (p > text && p[-1] == '\r'));
	g_assert_nonnull(strstr(text, "\r\nTo: <bounce+token@bounces.example.org>\r\n"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	rules = shipped_rules();
	g_test_add_func("/simulator/behaviours", check_behaviours);
	g_test_add_func("/simulator/lines", check_lines);
	int status = g_test_run();
	ruleset_free(rules);
	return status;
}
