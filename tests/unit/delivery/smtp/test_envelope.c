/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RCPT TO: which reports are asked for (RFC 3461 section 4.1).
 */
#include <glib.h>

#include "delivery/smtp/ehlo_extensions.h"
#include "delivery/smtp/envelope.h"

struct row {
	const char *sender;
	bool asks_success;
	bool has_dsn;
	const char *command;
};

static const struct row rows[] = {
    {"us@example.org", false, true,
     "RCPT TO:<a@customer.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a@customer.example\r\n"},
    {"us@example.org", true, true,
     "RCPT TO:<a@customer.example> NOTIFY=SUCCESS,FAILURE,DELAY "
     "ORCPT=rfc822;a@customer.example\r\n"},
    {"", true, true,
     "RCPT TO:<a@customer.example> NOTIFY=NEVER ORCPT=rfc822;a@customer.example\r\n"},
    {"us@example.org", true, false, "RCPT TO:<a@customer.example>\r\n"},
};

static void test_recipient(gconstpointer data)
{
	static char *recipients[] = {(char *)"a@customer.example", NULL};
	const struct row *row = data;
	const struct smtp_transaction transaction = {.sender = row->sender,
						     .recipients = recipients,
						     .recipient_count = 1,
						     .envelope_id = "e1",
						     .asks_success = row->asks_success};
	const struct ehlo_extensions offers = {.has_dsn = row->has_dsn};
	g_autoptr(GString) commands = g_string_new(NULL);
	struct envelope envelope;

	envelope_init(&envelope, &transaction);
	envelope_say_recipient(&envelope, 0, &offers, commands);
	g_assert_cmpstr(commands->str, ==, row->command);
	envelope_clear(&envelope);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = g_strdup_printf("/envelope/recipient/%zu", i);

		g_test_add_data_func(name, &rows[i], test_recipient);
	}
	return g_test_run();
}
