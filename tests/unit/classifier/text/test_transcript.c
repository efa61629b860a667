/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which reply of a session's transcript refused a recipient.
 */
#include <glib.h>

#include "classifier/text/transcript.h"

#define MDAEMON " Sat 2026-11-28 10:00:01: "

static const struct row {
	const char *text;
	const char *refusal; /* NULL: none */
} rows[] = {
    {MDAEMON "<-- 220 mx\n" MDAEMON "--> EHLO us\n" MDAEMON "<-- 250 HELP\n" MDAEMON
	     "--> RCPT To:<rita@host.example>\n" MDAEMON "<-- 550 No such user\n" MDAEMON
	     "--> QUIT\n--- End Transcript ---\n",
     "550 No such user (in reply to RCPT TO command)"},
    {"--> RCPT TO:<rita@host.example>\n<-- 550-5.1.1 No\n<-- 550 5.1.1 user\n",
     "550-5.1.1 No\n550 5.1.1 user (in reply to RCPT TO command)"},
    {"--> RCPT TO:<rita@host.example>\n<-- 550 no rita\n--> RCPT TO:<otto@host.example>\n"
     "<-- 550 no otto\n--> DATA\n<-- 503 no recipients\n",
     "550 no rita (in reply to RCPT TO command)"},
    /* of another recipient, or of the whole session */
    {"--> RCPT TO:<otto@host.example>\n<-- 550 no otto\n", NULL},
    {"--> RCPT TO:<rita@host.example>\n<-- 552 full\n--> RCPT TO:<margarita@host.example>\n"
     "<-- 550 no margarita\n",
     "552 full (in reply to RCPT TO command)"},
    {"--> RCPT TO:<rita@host.example.org>\n<-- 550 no rita\n", NULL},
    {"C: MAIL FROM:<us@our.example>\nS: 553 not you\n",
     "553 not you (in reply to MAIL FROM command)"},
    {"-> DATA\n<- 354 go on\n-> .\n<- 554 spam\n", "554 spam (in reply to end of DATA command)"},
    /* no transcript */
    {"<-- 550 without a command\n", NULL},
    {"The reply was <--550 odd\n--> RCPT TO:<rita@host.example>\n", NULL},
    {"S: 550\nC:", NULL},
    {"-->", NULL},
    {"", NULL},
};

static void test_rows(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *found = transcript_find_refusal(rows[i].text, "rita@host.example");
		g_assert_cmpstr(found, ==, rows[i].refusal);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/transcript/rows", test_rows);
	return g_test_run();
}
