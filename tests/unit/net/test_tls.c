/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whose certificate a server may show, by the names in it: RFC 6125, and what RFC 9525 section 6.3
 * leaves of its wildcards.
 */
#include <signal.h>
#include <sys/socket.h>

#include <glib.h>

#include "net/connection.h"
#include "net/tls.h"
#include "tests/unit/delivery/smtp/test_certificates.h"

#define MX    "mx.customer.example"
#define WRONG "hostname mismatch"

struct row {
	const char *name; /* the common name */
	const char *alternative;
	const char *host;  /* whom we wanted to reach */
	const char *fault; /* NULL: none */
};

static const struct row rows[] = {
    {"x", "DNS:" MX, MX, NULL},
    {"x", "DNS:MX.Customer.EXAMPLE", MX, NULL},
    {"x", "DNS:other.example,DNS:" MX, MX, NULL},
    {"x", "DNS:*.customer.example", MX, NULL},
    {"x", "DNS:other.example", MX, WRONG},
    {"x", "DNS:customer.example", MX, WRONG},
    {"x", "DNS:.customer.example", MX, WRONG},
    {"x", "DNS:a.mx.customer.example", MX, WRONG},
    {MX, "DNS:other.example", MX, WRONG},
    {"x", "URI:https://" MX, MX, WRONG},
    {"x", "email:postmaster@" MX, MX, WRONG},

    /* one label, the first one, the whole of it */
    {"x", "DNS:*", MX, WRONG},
    {"x", "DNS:*.example", MX, WRONG},
    {"x", "DNS:*.*.example", MX, WRONG},
    {"x", "DNS:mx.*.example", MX, WRONG},
    {"x", "DNS:m*.customer.example", MX, WRONG},
    {"x", "DNS:*x.customer.example", MX, WRONG},
    {"x", "DNS:m*x.customer.example", MX, WRONG},
    {"x", "DNS:mx*.customer.example", MX, WRONG},

    /* addresses */
    {"x", "IP:192.0.2.1", "192.0.2.1", NULL},
    {"x", "IP:2001:db8::1", "2001:db8::1", NULL},
    {"x", "IP:192.0.2.2", "192.0.2.1", "IP address mismatch"},
    {"x", "IP:192.0.2.1", MX, WRONG},
    {"x", "DNS:192.0.2.1", "192.0.2.1", "IP address mismatch"},
    {"192.0.2.1", "DNS:other.example", "192.0.2.1", "IP address mismatch"},
    {"x", "DNS:*.0.2.1", "192.0.2.1", "IP address mismatch"},
};

struct server {
	SSL_CTX *context;
	int fd;
};

static void *shake_hands(void *data)
{
	const struct server *server = data;
	SSL *tls = SSL_new(server->context);
	char byte;

	SSL_set_fd(tls, server->fd);
	if (SSL_accept(tls) == 1)
		(void)SSL_read(tls, &byte, 1);
	SSL_free(tls);
	close(server->fd);
	return NULL;
}

/* What keeps us from talking to a server with that certificate; NULL: nothing. */
static char *fault_of(const struct row *row, const struct certificates *certificates)
{
	const struct tls_demands demands = {
	    .is_verifying = true, .ca_file = certificates->ca_file, .host = row->host};
	g_autoptr(GError) error = NULL;
	SSL_CTX *tls = tls_context_new(&demands, &error);
	int fds[2];
	char *fault = NULL;

	g_assert_no_error(error);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
	struct server server = {
	    .context = server_context_new(
		certificates->key, certificate_new(certificates->key, certificates->authority,
						   row->name, row->alternative, 3600)),
	    .fd = fds[1]};
	GThread *thread = g_thread_new("server", shake_hands, &server);
	struct connection *connection = connection_adopt(fds[0]);
	bool is_encrypted = connection_start_tls(connection, tls, connection_deadline(60), &fault);
	g_assert_cmpint(is_encrypted, ==, !fault);
	connection_close(connection);
	g_thread_join(thread);
	SSL_CTX_free(server.context);
	SSL_CTX_free(tls);
	return fault;
}

static void test_names(void)
{
	struct certificates certificates;

	certificates_make(&certificates);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
		g_autofree char *fault = fault_of(row, &certificates);
		g_autofree char *wanted =
		    row->fault ? g_strconcat("certificate: ", row->fault, NULL) : NULL;

		if (g_strcmp0(fault, wanted) == 0)
			continue;
		g_test_message("CN=%s, %s, as %s: %s", row->name, row->alternative, row->host,
			       fault ? fault : "believed");
		g_test_fail();
	}
	certificates_clear(&certificates);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	signal(SIGPIPE, SIG_IGN);
	g_test_add_func("/tls/names", test_names);
	return g_test_run();
}
