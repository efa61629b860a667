/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a host has said is judged alike, whichever mail system tells of it: each reply of
 * tests/unit/data/replies.txt as Postfix, Exim, qmail, Exchange, Amavis and a Cisco put it into a
 * report.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/text/status_code.h"
#include "classifier/verdict/classify.h"
#include "tests/unit/shipped_rules.h"

#define RECIPIENT "user@example.org"
#define HOST      "mx.example.org"

static const struct ruleset *rules;

#define HEAD                                                                                       \
	"Return-Path: <>\nFrom: MAILER-DAEMON@relay.example\nTo: bounce@sender.example\n"          \
	"Subject: Mail delivery failed: returning message to sender\n"
#define EXIM                                                                                       \
	HEAD "\nThis message was created automatically by mail delivery software.\n\n"             \
	     "A message that you sent could not be delivered to one or more of its\n"              \
	     "recipients. This is a permanent error. The following address(es) failed:\n\n"        \
	     "  " RECIPIENT "\n"
#define EXIM_ERROR "    SMTP error from remote mail server after RCPT TO:<" RECIPIENT ">:\n"
#define DSN(status)                                                                                \
	HEAD "Content-Type: multipart/report; report-type=delivery-status; boundary=q\n\n"         \
	     "--q\n\nNot delivered.\n\n--q\nContent-Type: message/delivery-status\n\n"             \
	     "Reporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; " RECIPIENT "\n"       \
	     "Action: failed\nStatus: " status "\nRemote-MTA: dns; " HOST "\nDiagnostic-Code: "

static const struct frame {
	const char *name;
	const char *behind_code;
	const char *before;
	const char *after;
} frames[] = {
    {"postfix", " ", DSN("5.0.0") "x-postfix; host " HOST "[192.0.2.1] said: ",
     " (in reply to RCPT TO command)\n--q--\n"},
    {"exim", " ", EXIM "    host " HOST " [192.0.2.1]\n" EXIM_ERROR "    ", "\n"},
    {"exim-4.8", " ", EXIM EXIM_ERROR "    host " HOST " [192.0.2.1]: ", "\n"},
    {"qmail", " ",
     HEAD "\nHi. This is the qmail-send program at relay.example.\n"
	  "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
	  "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
	  "<" RECIPIENT ">:\n192.0.2.1 does not like recipient.\nRemote host said: ",
     "\nGiving up on 192.0.2.1.\n"},
    {"exchange-online", " ", DSN("5.0.350") "smtp;550 5.0.350 Remote server returned an error -> ",
     "\n--q--\n"},
    {"amavis", " ",
     DSN("5.0.0") "smtp; 550 5.0.0 id=1-2, from MTA(smtp:[127.0.0.1]:10025): ", "\n--q--\n"},
    {"exchange-2003", " ",
     HEAD "\nYour message did not reach some or all of the intended recipients.\n\n"
	  "      Subject:  Invoice\n      Sent:     11/30/2026 7:00 AM\n\n"
	  "The following recipient(s) could not be reached:\n\n"
	  "      " RECIPIENT " on 11/30/2026 7:00 AM\n"
	  "            There was a SMTP communication problem with the recipient's email server.  "
	  "Please contact your system administrator.\n            <relay.example #5.5.0 smtp;",
     ">\n"},
    {"cisco", "-'", DSN("5.1.0") "smtp; 5.1.0 - Unknown address error ",
     "' (delivery attempts: 0)\n--q--\n"},
};

static enum bounce_class judge(const struct frame *frame, const char *reply)
{
	g_autofree char *mail = g_strdup_printf("%s%.3s%s%s%s", frame->before, reply,
						frame->behind_code, reply + 4, frame->after);
	g_autoptr(report_t) report = reader_parse(mail, strlen(mail), &limits_default);
	struct verdict verdict;

	g_assert_cmpuint(report->recipient_count, ==, 1);
	g_assert_cmpstr(report->recipients[0].recipient, ==, RECIPIENT);
	classify(rules, report, &report->recipients[0], &verdict);
	enum bounce_class class = verdict.class;
	verdict_clear(&verdict);
	return class;
}

static bool is_reply_to_rcpt(const char *line)
{
	return (*line == '4' || *line == '5') && status_code_is_reply(line) && line[3] == ' ' &&
	       !strstr(line, " (in reply to ");
}

static void test_frame(gconstpointer data)
{
	const struct frame *frame = data;
	g_autofree char *file = NULL;
	size_t count = 0;

	g_assert_true(g_file_get_contents("tests/unit/data/replies.txt", &file, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(file, "\n", -1);
	for (size_t i = 0; lines[i]; i++) {
		if (!is_reply_to_rcpt(lines[i]))
			continue;
		enum bounce_class seen = judge(frame, lines[i]);
		enum bounce_class expected = judge(&frames[0], lines[i]);
		count++;
		if (seen != expected) {
			g_test_message("%zu: %s is %s, not %s", i + 1, lines[i],
				       reason_class_name(seen), reason_class_name(expected));
			g_test_fail();
		}
	}
	g_assert_cmpuint(count, >, 1000);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_autoptr(ruleset_t) loaded = shipped_rules();
	rules = loaded;
	for (size_t i = 1; i < G_N_ELEMENTS(frames); i++) {
		g_autofree char *path = g_strconcat("/frames/", frames[i].name, NULL);

		g_test_add_data_func(path, &frames[i], test_frame);
	}
	return g_test_run();
}
