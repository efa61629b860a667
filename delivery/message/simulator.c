/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One row for each behaviour. The words are those of common mail systems, so that the rules
 * judge them as they judge the others.
 */
#include "delivery/message/simulator.h"

#include <string.h>

enum { AWAY_DAYS = 7 };

struct behaviour;

struct report {
	const struct behaviour *behaviour;
	const struct db_item *item;
	const struct db_content *content;
	const char *address;
	const char *host; /* of the address */
	GDateTime *now;
};

struct behaviour {
	const char *name;
	void (*write)(const struct report *report, GString *out);
	const char *action; /* RFC 3464 section 2.3.3 */
	const char *status;
	const char *words; /* of the reply, or of the automatic reply */
};

#define NAMES "hard, soft, technical, unclassified, delayed, delivered, complaint, auto-reply, left"

static void write_status(const struct report *report, GString *out);
static void write_complaint(const struct report *report, GString *out);
static void write_away(const struct report *report, GString *out);
static void write_reply(const struct report *report, GString *out);
static void write_riddle(const struct report *report, GString *out);

static const struct behaviour behaviours[] = {
    {"hard", write_status, "failed", "5.1.1", "550 5.1.1 User unknown"},
    {"soft", write_status, "failed", "4.2.2", "452 4.2.2 Mailbox full"},
    {"technical", write_status, "failed", "5.7.1", "550 5.7.1 Message rejected as spam"},
    {"delayed", write_status, "delayed", "4.4.1", "451 4.4.1 Connection timed out"},
    {"delivered", write_status, "delivered", "2.1.5", "250 2.1.5 Ok"},
    {"unclassified", write_riddle, "", "", ""},
    {"complaint", write_complaint, "", "", ""},
    {"auto-reply", write_away, "", "", "I am out of office until"},
    {"left", write_reply, "", "",
     "Terry Test has left the company. Please write to successor@bounce-test.invalid instead."},
};

static const struct behaviour no_such_address = {
    "", write_status, "failed", "5.1.1", "550 5.1.1 User unknown. The test addresses are " NAMES};

static const struct behaviour *find_behaviour(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(behaviours); i++)
		if (strcmp(behaviours[i].name, name) == 0)
			return &behaviours[i];
	return &no_such_address;
}

/* --- the fields of the message ------------------------------------------------------- */

static void write_report_header(const struct report *report, const char *from, const char *subject,
				GString *out)
{
	g_autofree char *id = g_uuid_string_random();
	g_autofree char *date = g_date_time_format(report->now, "%a, %d %b %Y %H:%M:%S %z");

	g_string_append_printf(out,
			       "From: <%s>\nTo: <%s>\nDate: %s\nMessage-ID: <%s@%s>\n"
			       "Subject: %s\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n",
			       from, report->item->sender, date, id, report->host, subject);
}

static void write_header_of_daemon(const struct report *report, const char *subject, GString *out)
{
	g_autofree char *from = g_strconcat("MAILER-DAEMON@", report->host, NULL);

	write_report_header(report, from, subject, out);
}

/* --- reports: RFC 6522 ------------------------------------------------------------------ */

static void write_parts(const struct report *report, const char *type, const char *fields,
			GString *out)
{
	g_autofree char *boundary = g_uuid_string_random();
	const struct db_content *content = report->content;

	g_string_append_printf(out,
			       "Content-Type: multipart/report; report-type=%s;\n"
			       " boundary=\"%s\"\n\n--%s\nContent-Type: text/plain\n\n"
			       "This is a test: %s behaves so.\n\n"
			       "--%s\nContent-Type: message/%s\n\n%s\n"
			       "--%s\nContent-Type: text/rfc822-headers\n\n"
			       "Message-ID: <%s>\nX-Communication-ID: %s\nTo: <%s>\n\n--%s--\n",
			       type, boundary, boundary, report->address, boundary, type, fields,
			       boundary, content->message_id, content->envelope_id, report->address,
			       boundary);
}

/* RFC 3464 */
static void write_status(const struct report *report, GString *out)
{
	const struct behaviour *behaviour = report->behaviour;
	g_autofree char *fields = g_strdup_printf(
	    "Reporting-MTA: dns; %s\nOriginal-Envelope-Id: %s\n\nFinal-Recipient: rfc822; %s\n"
	    "Action: %s\nStatus: %s\nRemote-MTA: dns; mx.%s\nDiagnostic-Code: smtp; %s\n",
	    report->host, report->content->envelope_id, report->address, behaviour->action,
	    behaviour->status, report->host, behaviour->words);

	write_header_of_daemon(report, "Delivery Status Notification (test)", out);
	write_parts(report, "delivery-status", fields, out);
}

/* RFC 5965 */
static void write_complaint(const struct report *report, GString *out)
{
	g_autofree char *fields =
	    g_strdup_printf("Feedback-Type: abuse\nUser-Agent: bounce-delivery\nVersion: 1\n"
			    "Original-Rcpt-To: <%s>\n",
			    report->address);

	write_header_of_daemon(report, "Complaint about your message (test)", out);
	write_parts(report, "feedback-report", fields, out);
}

/* --- plain texts ----------------------------------------------------------------------------- */

static void write_report_text(const char *text, GString *out)
{
	g_string_append_printf(out, "Content-Type: text/plain\n\n%s\n\nThis is a test.\n", text);
}

/* RFC 3834: an answer comes from who was written to. */
static void write_reply(const struct report *report, GString *out)
{
	write_report_header(report, report->address, "Automatic reply (test)", out);
	write_report_text(report->behaviour->words, out);
}

static void write_away(const struct report *report, GString *out)
{
	g_autoptr(GDateTime) back = g_date_time_add_days(report->now, AWAY_DAYS);
	g_autofree char *day = g_date_time_format(back, "%Y-%m-%d");
	g_autofree char *text = g_strdup_printf("%s %s.", report->behaviour->words, day);

	write_report_header(report, report->address, "Automatic reply (test)", out);
	write_report_text(text, out);
}

/* What no program can classify, so that a person has to read it. */
static void write_riddle(const struct report *report, GString *out)
{
	g_autofree char *text = g_strdup_printf(
	    "The message to %s has been dealt with in a way that nobody will understand.",
	    report->address);

	write_header_of_daemon(report, "Your message (test)", out);
	write_report_text(text, out);
}

GBytes *simulator_report(const struct db_item *item, const struct db_content *content,
			 GDateTime *now)
{
	const char *address = item->addresses[0];
	const char *at = strrchr(address, '@');
	const struct report report = {.behaviour = find_behaviour(item->simulates),
				      .item = item,
				      .content = content,
				      .address = address,
				      .host = at ? at + 1 : "",
				      .now = now};
	GString *out = g_string_new(NULL);

	report.behaviour->write(&report, out);
	g_string_replace(out, "\n", "\r\n", 0);
	gsize size = out->len;
	return g_bytes_new_take(g_string_free(out, FALSE), size);
}
