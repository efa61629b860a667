/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What must never make a good address hard: one row per mail, with the verdict for
 * each recipient that is read from it. Beside each is a row that must stay hard.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/verdict/classify.h"
#include "tests/unit/shipped_rules.h"

#define DAEMON                                                                                     \
	"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nTo: bounce@sender.example.com\n"
#define STATUS                                                                                     \
	DAEMON                                                                                     \
	"Subject: Delivery report\nContent-Type: multipart/report; "                               \
	"report-type=delivery-status; boundary=x\n\n"                                              \
	"--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
#define TOLD(words)                                                                                \
	DAEMON                                                                                     \
	"Subject: Undelivered Mail\nContent-Type: multipart/report; report-type=delivery-status; " \
	"boundary=x\n\n"                                                                           \
	"--x\n\nThis is the mail system.\n\n<anna@a.example>: host mx.a.example[192.0.2.7] "       \
	"said:\n    " words                                                                        \
	"\n\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
#define END            "\n--x--\n"
#define GROUP(address) "Final-Recipient: rfc822; " address "\nAction: failed\nStatus: 5.1.1\n"
#define MEMBER(address, action, status)                                                            \
	"Final-Recipient: rfc822; " address                                                        \
	"\nOriginal-Recipient: rfc822; team@a.example\nAction: " action "\nStatus: " status "\n\n"
#define SENDMAIL                                                                                   \
	DAEMON "Subject: Returned mail: see transcript for details\n\n"                            \
	       "   ----- The following addresses had permanent fatal errors "                      \
	       "-----\n<anna@a.example>\n\n"
#define LETTER(from, subject)                                                                      \
	"From: " from "\nTo: billing@sender.example.com\nSubject: " subject "\n"
#define DEAR                                                                                       \
	"\nDear sir, my colleague says your mail to jane@a.example\nsaid user unknown but that "   \
	"is wrong, the mailbox "                                                                   \
	"works again.\n"

/* expected: per recipient "address original class; " */
static const struct {
	const char *name;
	const char *mail;
	const char *expected;
} rows[] = {
    /* clang-format off */
	{ "the words name another recipient",
	  STATUS GROUP("anna@a.example") "Diagnostic-Code: smtp; 550 5.1.1 <anna@a.example>: User "
	  "unknown\n\n"
	  GROUP("bert@a.example") "Diagnostic-Code: smtp; 550 5.1.1 <anna@a.example>: User "
	  "unknown\n" END,
	  "anna@a.example - hard; bert@a.example - unclassified; " },
	{ "the words name this one and another",
	  STATUS GROUP("anna@a.example") "Diagnostic-Code: smtp; 550 5.1.1 <bert@a.example> "
	  "<anna@a.example>: User unknown\n\n"
	  GROUP("bert@a.example") "Diagnostic-Code: smtp; 550 5.1.1 <BERT@A.example>: User "
	  "unknown\n" END,
	  "anna@a.example - hard; bert@a.example - hard; " },
	{ "the words name somebody who is no recipient",
	  STATUS GROUP("anna@a.example") "Diagnostic-Code: smtp; 550 5.1.1 "
	  "<anna@inside.a.example>: User unknown\n\n"
	  GROUP("bert@a.example") "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n" END,
	  "anna@a.example - hard; bert@a.example - hard; " },
	{ "refused before the recipient was heard",
	  TOLD("550 5.1.1 User unknown (in reply to\n"
	  "    MAIL FROM command)") GROUP("anna@a.example") "Diagnostic-Code: smtp; 550 5.1.1 "
	  "User unknown\n" END,
	  "anna@a.example - technical; " },
	{ "refused when the recipient was heard",
	  TOLD("550 5.1.1 User unknown (in reply to\n"
	  "    RCPT TO command)") GROUP("anna@a.example") "Diagnostic-Code: smtp; 550 5.1.1 User "
	  "unknown\n" END,
	  "anna@a.example - hard; " },
	{ "what a host said was unknown, not the host",
	  TOLD("550 Rejected, unknown cause (in reply to RCPT TO command)") "Final-Recipient: "
	  "rfc822; anna@a.example\nAction: failed\nStatus: 5.0.0\n"
	  "Diagnostic-Code: smtp; 550 Rejected, unknown cause\n" END,
	  "anna@a.example - technical; " },
	{ "a server tells its postmaster of a session",
	  DAEMON "Subject: Postfix SMTP server: errors from unknown[192.0.2.9]\n\n"
	  "Transcript of session follows.\n\n"
	  " Out: 220 mx.example.net ESMTP\n In:  RCPT TO:<anna@a.example>\n"
	  " Out: 550 5.1.1 <anna@a.example>: Recipient address rejected: User unknown\n",
	  "anna@a.example - unclassified; " },
	{ "a code that the report gives beside the server's own",
	  STATUS GROUP("anna@a.example") "Diagnostic-Code: SMTP; 550 #5.7.1 Your access to this "
	  "system has been rejected\n" END,
	  "anna@a.example - technical; " },
	{ "a code made up for a reply that had none",
	  STATUS GROUP("anna@a.example") "Diagnostic-Code: SMTP; 550 Administrative "
	  "prohibition\n" END,
	  "anna@a.example - technical; " },
	{ "a route to a back-end",
	  STATUS "Original-Recipient: rfc822; anna@a.example\n"
	  "Final-Recipient: rfc822; @store.lmtp:1025@daemon\nAction: failed\nStatus: 5.1.1\n" END,
	  "anna@a.example anna@a.example hard; " },
	{ "the reason stands behind the status",
	  STATUS "Final-Recipient: rfc822; anna@a.example\nAction: failed\n"
	  "Status: 5.4.4 (Illegal host/domain name found)\n" END,
	  "anna@a.example - hard; " },
	{ "a remark behind the status of a failure that has a reason",
	  STATUS "Final-Recipient: rfc822; anna@a.example\nAction: failed\n"
	  "Status: 5.0.0 (user unknown)\nDiagnostic-Code: smtp; 550 denied by policy\n" END,
	  "anna@a.example - technical; " },
	{ "a remark that ends nowhere",
	  STATUS "Final-Recipient: rfc822; anna@a.example\nAction: failed\n"
	  "Status: 5.0.0 (user unknown\n" END,
	  "anna@a.example - unclassified; " },
	{ "Domino: the reason stands only in the subject",
	  DAEMON "Subject: DELIVERY FAILURE: User anna (anna@a.example) not listed in Domino "
	  "Directory\n\nYour mail to anna@a.example could not be delivered.\n",
	  "anna@a.example - hard; " },
	{ "an action that says error",
	  STATUS "Final-Recipient: rfc822; anna@a.example\nAction: error\nStatus: 5.1.1\n" END,
	  "anna@a.example - hard; " },
	{ "an action that is no failure",
	  STATUS "Final-Recipient: rfc822; anna@a.example\nAction: processed\nStatus: 5.1.1\n" END,
	  "anna@a.example - unclassified; " },
	{ "an action spelled otherwise",
	  STATUS "Final-Recipient: rfc822; anna@a.example\nAction: Failure (permanent)\n"
	  "Status: 5.1.1\n" END,
	  "anna@a.example - hard; " },
	{ "no action",
	  STATUS "Final-Recipient: rfc822; anna@a.example\nStatus: 5.1.1\n" END,
	  "anna@a.example - hard; " },
	{ "a member of a list of which another got it",
	  STATUS MEMBER("anna@b.example", "delivered", "2.0.0") MEMBER("bert@b.example", "failed",
	  "5.1.1") END,
	  "anna@b.example team@a.example technical; bert@b.example - hard; " },
	{ "a member of a list that was expanded",
	  STATUS MEMBER("bert@b.example", "failed", "5.1.1") MEMBER("team@a.example", "expanded",
	  "2.0.0") END,
	  "bert@b.example - hard; team@a.example team@a.example technical; " },
	{ "a list under its own address, expanded and failed",
	  STATUS MEMBER("team@a.example", "expanded", "2.0.0") MEMBER("team@a.example", "failed",
	  "5.1.1") END,
	  "team@a.example team@a.example technical; team@a.example team@a.example unclassified; " },
	{ "an alias of one",
	  STATUS MEMBER("bert@b.example", "failed", "5.1.1") END,
	  "bert@b.example team@a.example hard; " },
	{ "an alias of two who failed",
	  STATUS MEMBER("anna@b.example", "failed", "5.1.1") MEMBER("bert@b.example", "failed",
	  "5.1.1") END,
	  "anna@b.example team@a.example hard; bert@b.example team@a.example hard; " },
	{ "Sendmail: an MX that is the host itself",
	  SENDMAIL "   ----- Transcript of session follows -----\n"
	  "554 5.0.0 MX list for a.example. points back to mx.example.net\n"
	  "550 5.1.2 <anna@a.example>... Host unknown (Name server: a.example.: no data known)\n",
	  "anna@a.example - technical; " },
	{ "Sendmail: a host that is unknown",
	  SENDMAIL "   ----- Transcript of session follows -----\n"
	  "550 5.1.2 <anna@a.example>... Host unknown (Name server: a.example.: host not found)\n",
	  "anna@a.example - hard; " },
	{ "Sendmail: one failed, one got it, one waits",
	  SENDMAIL "   ----- The following addresses had transient non-fatal errors -----\n"
	  "<carl@c.example>\n\n"
	  "   ----- The following addresses had successful delivery notifications -----\n"
	  "<bert@b.example>  (relayed to non-DSN-aware mailer)\n\n"
	  "   ----- Transcript of session follows -----\n"
	  "<bert@b.example>... relayed; expect no further notifications\n"
	  "... while talking to mx.a.example.:\n>>> DATA\n"
	  "<<< 550 5.1.1 <anna@a.example>: User unknown\n"
	  "550 5.1.1 <anna@a.example>... User unknown\n",
	  "anna@a.example - hard; carl@c.example - technical; bert@b.example - technical; " },
	{ "Exim: bytes in octal",
	  DAEMON "Subject: Mail delivery failed: returning message to sender\n\n"
	  "This message was created automatically by mail delivery software.\n\n"
	  "  j\\303\\274rgen.gro\\303\\237@a.example\n    host mx.a.example [192.0.2.1]\n"
	  "    SMTP error from remote mail server after RCPT "
	  "TO:<j\\303\\274rgen.gro\\303\\237@a.example>:\n"
	  "    550 5.1.1 User unknown\n",
	  "jürgen.groß@a.example - hard; " },
	{ "Exim: bytes in octal that are no UTF-8",
	  DAEMON "Subject: Mail delivery failed: returning message to sender\n\n"
	  "This message was created automatically by mail delivery software.\n\n"
	  "  m\\374ller@a.example\n    550 5.1.1 User unknown\n  bert@a.example\n"
	  "    550 5.1.1 User unknown\n",
	  "bert@a.example - hard; " },
	{ "OpenSMTPD: the last word on a message",
	  DAEMON "Subject: Delayed mail notice\n\n    Hi!\n\n"
	  "    This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.\n\n"
	  "    A message is delayed for more than 4 hours for the following\n"
	  "    list of recipients:\n\n"
	  "anna@a.example: Envelope expired\n\n    Below is a copy of the original message:\n",
	  "anna@a.example - soft; " },
	{ "a letter from a person who is the postmaster",
	  LETTER("postmaster@a.example", "Jane's mailbox") DEAR, "" },
	{ "his answer",
	  LETTER("Postmaster <postmaster@a.example>", "Re: Undeliverable: your invoice") DEAR, "" },
	{ "his answer, with a line he was sent",
	  LETTER("postmaster@a.example", "Your invoice") "In-Reply-To: "
	  "<invoice-4711@sender.example.com>\n\n"
	  "It could not be delivered to jane@a.example:\n550 5.1.1 User unknown\n"
	  "Please send it again.\n", "" },
	{ "a report under the name of postmaster",
	  LETTER("postmaster@a.example", "Undeliverable: your invoice")
	  "\nYour message could not be delivered to jane@a.example: user unknown\n",
	  "jane@a.example - hard; " },
	{ "a report that says it was generated",
	  LETTER("postmaster@a.example", "Your invoice") "Auto-Submitted: auto-generated\n"
	  "In-Reply-To: <invoice-4711@sender.example.com>\n\n"
	  "It could not be delivered to jane@a.example: user unknown\n",
	  "jane@a.example - hard; " },
	{ "a report that quotes the reply",
	  LETTER("postmaster@a.example", "Your invoice")
	  "\nIt could not be delivered to jane@a.example:\n550 5.1.1 User unknown\n",
	  "jane@a.example - hard; " },
    /* clang-format on */
};

static const struct ruleset *rules;

static void test_row(gconstpointer data)
{
	size_t i = GPOINTER_TO_SIZE(data);
	g_autoptr(report_t) report =
	    reader_parse(rows[i].mail, strlen(rows[i].mail), &limits_default);
	g_autoptr(GString) seen = g_string_new(NULL);

	for (size_t r = 0; r < report->recipient_count; r++) {
		const struct report_recipient *recipient = &report->recipients[r];
		struct verdict verdict;

		classify(rules, report, recipient, &verdict);
		g_string_append_printf(
		    seen, "%s %s %s; ", recipient->recipient,
		    *recipient->original_recipient ? recipient->original_recipient : "-",
		    reason_class_name(verdict.class));
		verdict_clear(&verdict);
	}
	g_assert_cmpstr(seen->str, ==, rows[i].expected);
	if (*rows[i].expected == '\0')
		g_assert_cmpstr(report_kind_name(report->kind), ==, "other");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_autoptr(ruleset_t) loaded = shipped_rules();
	rules = loaded;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strconcat("/never-hard/", rows[i].name, NULL);
		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_row);
	}
	return g_test_run();
}
