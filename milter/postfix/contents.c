/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rules for headers and bodies are asked for lines that reports of common systems have. Postfix's
 * own reports meet them too, once they are shown to filters.
 */
#include "milter/postfix/contents.h"

#include <string.h>

#include "milter/postfix/table.h"

static const char *const header_lines[] = {
    "From: MAILER-DAEMON@mail.example.com (Mail Delivery System)",
    "From: Mail Delivery System <Mailer-Daemon@mail.example.com>",
    "Subject: Undelivered Mail Returned to Sender",
    "Subject: Mail delivery failed: returning message to sender",
    "Subject: Delivery Status Notification (Failure)",
    "Subject: Returned mail: see transcript for details",
    "Subject: failure notice",
    "Auto-Submitted: auto-replied",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"",
    NULL,
};

static const char *const part_lines[] = {
    "Content-Type: message/delivery-status",
    "Content-Type: message/rfc822",
    "Content-Description: Undelivered Message",
    NULL,
};

static const char *const body_lines[] = {
    "This is the mail system at host mail.example.com.",
    "Reporting-MTA: dns; mail.example.com",
    "Final-Recipient: rfc822; anna@example.com",
    "Action: failed",
    "Status: 5.1.1",
    "Diagnostic-Code: smtp; 550 5.1.1 User unknown",
    NULL,
};

static const struct {
	const char *parameter;
	const char *const *lines;
} checks[] = {
    {"header_checks", header_lines},
    {"mime_header_checks", part_lines},
    {"body_checks", body_lines},
};

static bool stops_mail(const char *action)
{
	return g_ascii_strncasecmp(action, "REJECT", strlen("REJECT")) == 0 ||
	       g_ascii_strncasecmp(action, "DISCARD", strlen("DISCARD")) == 0;
}

/* The line that the tables stop; NULL if there is none. */
static const char *find_stopped(const char *tables, const char *const *lines, char **action_out)
{
	for (; *lines; lines++) {
		enum table_answer answer = table_ask(tables, *lines, action_out);

		if (answer == TABLE_UNKNOWN)
			return NULL;
		if (answer == TABLE_HAS && stops_mail(*action_out))
			return *lines;
		g_clear_pointer(action_out, g_free);
	}
	return NULL;
}

static char *check_fault_of(const struct postconf *postfix, const struct postconf_service *cleanup,
			    size_t check)
{
	const char *parameter = checks[check].parameter;
	g_autofree char *tables = postconf_value(postfix, cleanup, parameter);
	g_autofree char *action = NULL;
	const char *line = find_stopped(tables, checks[check].lines, &action);

	if (!line)
		return NULL;
	return g_strdup_printf("%s of %s: %s answers \"%s\" to \"%s\", as bounces have it; take "
			       "that rule out, or write -o %s= below %s in master.cf",
			       parameter, cleanup->label, tables, action, line, parameter,
			       cleanup->name);
}

static char *strictness_fault(const struct postconf *postfix,
			      const struct postconf_service *cleanup)
{
	static const char *const parameters[] = {"strict_8bitmime", "strict_8bitmime_body",
						 "strict_7bit_headers",
						 "strict_mime_encoding_domain"};

	for (size_t i = 0; i < G_N_ELEMENTS(parameters); i++) {
		g_autofree char *value = postconf_value(postfix, cleanup, parameters[i]);

		if (strcmp(value, "yes") == 0)
			return g_strdup_printf("%s = yes refuses bounces of mail systems that "
					       "return a mail as it was written; write no",
					       parameters[i]);
	}
	return NULL;
}

char *contents_fault(const struct postconf *postfix, const struct postconf_service *cleanup)
{
	char *fault = strictness_fault(postfix, cleanup);

	for (size_t i = 0; i < G_N_ELEMENTS(checks) && !fault; i++)
		fault = check_fault_of(postfix, cleanup, i);
	return fault;
}
