/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A server that says nothing any more keeps nobody: every wait of a connection is bounded. It is
 * played by a socket here, so no database is needed.
 */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "db/pg.h"
#include "tests/unit/loopback.h"

/* A host that takes one connection and falls silent, as when it is frozen: the kernel still takes
 * further ones. Returns the listening socket, to be served by serve_silence. */
static int listen_for_silence(char **conninfo_out)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int listening = socket(AF_INET, SOCK_STREAM, 0);

	g_assert_cmpint(bind(listening, (struct sockaddr *)&address, len), ==, 0);
	g_assert_cmpint(listen(listening, 5), ==, 0);
	g_assert_cmpint(getsockname(listening, (struct sockaddr *)&address, &len), ==, 0);
	*conninfo_out = g_strdup_printf("host=127.0.0.1 port=%d user=x dbname=x sslmode=disable "
					"gssencmode=disable",
					ntohs(address.sin_port));
	return listening;
}

/* AuthenticationOk, BackendKeyData, ReadyForQuery: PostgreSQL manual, "Message Formats". */
static void *serve_silence(void *data)
{
	static const char welcome[] = "R\0\0\0\10\0\0\0\0"
				      "K\0\0\0\14\0\0\0\1\0\0\0\2"
				      "Z\0\0\0\5I";
	char startup[512];
	int connection = accept(GPOINTER_TO_INT(data), NULL, NULL);

	g_assert_cmpint(recv(connection, startup, sizeof startup, 0), >, 0);
	g_assert_cmpint(send(connection, welcome, sizeof welcome - 1, 0), ==, sizeof welcome - 1);
	return GINT_TO_POINTER(connection);
}

/* A leader whose machine hangs keeps nobody for longer than was agreed: not while a large report
 * is sent, nor when the statement is given up. */
static void test_silent_server_is_left(void)
{
	g_autofree char *silent = NULL;
	int listening = listen_for_silence(&silent);
	GThread *server = g_thread_new("silence", serve_silence, GINT_TO_POINTER(listening));
	g_autofree char *large = g_strnfill((gsize)64 << 20, 'x');
	const struct pg_param params[] = {PG_TEXT(large)};
	g_autoptr(GError) error = NULL;
	PGconn *connection = pg_open(silent, 5, &error);

	g_assert_no_error(error);
	int served = GPOINTER_TO_INT(g_thread_join(server));
	alarm(60); /* it would wait for ever */
	g_assert_null(pg_query(connection, 1, "SELECT $1", 1, params, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_UNCERTAIN);
	pg_close(connection);
	alarm(0);
	close(served);
	close(listening);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	loopback_have();
	g_test_add_func("/db/silent-server-is-left", test_silent_server_is_left);
	return g_test_run();
}
