/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A server that keeps TLS busy with itself, whatever is asked of it over HTTPS.
 */
#include <signal.h>

#include <glib.h>

#include "base/error.h"
#include "net/https.h"
#include "tests/unit/delivery/smtp/hostile_server.h"
#include "tests/unit/delivery/smtp/test_certificates.h"
#include "tests/unit/loopback.h"

static void test_busy_tls(gconstpointer data)
{
	const enum trick *trick = data;
	struct certificates certificates;
	struct https_answer answer;
	g_autoptr(GError) error = NULL;

	certificates_make(&certificates);
	struct hostile_server server = {.stage = AT_GREETING,
					.trick = *trick,
					.reply = g_bytes_new_static("", 0),
					.is_tls_at_once = true,
					.tls_context = certificates.servers[CERTIFICATE_RIGHT]};
	hostile_server_start(&server);
	g_autofree char *url = g_strdup_printf("https://127.0.0.1:%u/", server.port);
	const struct https_request request = {
	    .url = url, .ca_file = certificates.ca_file, .form = "a=b", .wait = 60};
	g_assert_null(https_post(&request, &answer, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_RETRY);
	g_test_message("%s", error->message);
	hostile_server_join(&server);
	g_string_free(server.said, TRUE);
	g_bytes_unref(server.reply);
	certificates_clear(&certificates);
}

int main(int argc, char **argv)
{
	static const enum trick tickets = TRICK_TICKETS, keys = TRICK_KEYS;

	g_test_init(&argc, &argv, NULL);
	loopback_have();
	signal(SIGPIPE, SIG_IGN);
	g_test_add_data_func("/https/tickets-for-ever", &tickets, test_busy_tls);
	g_test_add_data_func("/https/new-keys-for-ever", &keys, test_busy_tls);
	return g_test_run();
}
