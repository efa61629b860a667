/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rules for headers and bodies are asked for lines that reports of common systems have. Postfix's
 * own reports meet them too, once they are shown to filters.
 */
#include "milter/postfix/content_checks.h"

#include <string.h>

#include "daemon/check.h"
#include "milter/postconf/lookup_table.h"

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

/* Of the mail that is returned, as most have it. */
static const char *const nested_lines[] = {
    "Received: from app.example.com (app.example.com [192.0.2.1])",
    "From: Example <office@example.com>",
    "To: Anna <anna@example.net>",
    "Subject: Your order 4711",
    "MIME-Version: 1.0",
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
    {"nested_header_checks", nested_lines},
    {"body_checks", body_lines},
};

/* Whether a bounce does not reach us, or as that of another recipient. HOLD, FILTER, IGNORE and
 * REPLACE leave enough to us. */
static bool stops_mail(const char *action)
{
	static const char *const words[] = {"REJECT", "DISCARD", "REDIRECT"};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_ascii_strncasecmp(action, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* The line that the tables stop; NULL if there is none. */
static const char *find_stopped(const char *tables, const char *const *lines, char **action_out)
{
	for (; *lines; lines++) {
		enum lookup_table_answer answer = lookup_table_ask(tables, *lines, action_out);

		if (answer == LOOKUP_TABLE_UNKNOWN)
			return NULL;
		if (answer == LOOKUP_TABLE_HAS && stops_mail(*action_out))
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

/* NUL alone is common advice. */
static char *characters_fault(const struct postconf *postfix,
			      const struct postconf_service *cleanup)
{
	static const char name[] = "message_reject_characters";
	g_autofree char *value = postconf_value(postfix, cleanup, name);

	if (*value == '\0' || strcmp(value, "\\0") == 0)
		return NULL;
	return g_strdup_printf("%s: %s = %s refuses bounces that return a mail with such a "
			       "character; leave it empty",
			       cleanup->label, name, value);
}

/* That of main.cf is smtpd's as well, which is looked at for it. */
static char *size_fault(const struct postconf *postfix, const struct postconf_service *cleanup)
{
	static const char name[] = "message_size_limit";
	g_autofree char *limit = postconf_value(postfix, cleanup, name);
	guint64 bytes = g_ascii_strtoull(limit, NULL, 10);

	if (!postconf_is_overridden(postfix, cleanup, name) || bytes == 0 ||
	    bytes >= CONTENT_CHECKS_BYTES_MIN)
		return NULL;
	return g_strdup_printf("master.cf, -o of %s: %s = %s: a bounce with the mail that it "
			       "returns is refused; write 10240000",
			       cleanup->label, name, limit);
}

bool content_checks_check(const struct postconf *postfix, const struct postconf_service *cleanup)
{
	g_autofree char *fault = strictness_fault(postfix, cleanup);

	if (!fault)
		fault = characters_fault(postfix, cleanup);
	if (!fault)
		fault = size_fault(postfix, cleanup);
	for (size_t i = 0; i < G_N_ELEMENTS(checks) && !fault; i++)
		fault = check_fault_of(postfix, cleanup, i);
	return !fault || check_fault("Postfix", fault);
}
