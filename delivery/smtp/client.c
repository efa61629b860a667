/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From the settings to what a session needs.
 */
#include "delivery/smtp/client.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "net/tls.h"

/* HOST:PORT, HOST, [ADDRESS]:PORT. */
static void set_server(struct smtp_client *client, const char *server)
{
	const char *colon = strrchr(server, ':');
	gsize len = colon ? (gsize)(colon - server) : strlen(server);
	bool has_brackets = len >= 2 && server[0] == '[' && server[len - 1] == ']';

	client->host = has_brackets ? g_strndup(server + 1, len - 2) : g_strndup(server, len);
	client->port = g_strdup(colon ? colon + 1 : "25");
}

static bool prepare_tls(struct smtp_client *client, const struct smtp_settings *settings,
			GError **error)
{
	bool is_at_once = strcmp(settings->starttls, "smtps") == 0;

	client->is_verifying = is_at_once || strcmp(settings->starttls, "verify") == 0;
	client->starttls = is_at_once                               ? SMTP_TLS_AT_ONCE
			   : strcmp(settings->starttls, "off") == 0 ? SMTP_STARTTLS_OFF
			   : strcmp(settings->starttls, "may") == 0 ? SMTP_STARTTLS_MAY
								    : SMTP_STARTTLS_DEMANDED;
	const struct tls_demands demands = {.is_verifying = client->is_verifying,
					    .ca_file = settings->tls_ca_file,
					    .host = client->host};
	client->tls = tls_context_new(&demands, error);
	return client->tls;
}

static void set_login(struct smtp_client *client, const struct smtp_settings *settings)
{
	struct credential_settings credential = smtp_settings_credential(settings);

	credential.stop_fd = client->stop.fd;
	client->username = g_strdup(settings->username);
	client->credential = credential_new(&credential);
	client->is_oauth = strcmp(settings->auth_method, "oauth") == 0;
	client->may_login_in_clear = strcmp(settings->auth_cleartext, "yes") == 0;
	client->may_login_unverified =
	    client->may_login_in_clear || strcmp(settings->auth_unverified, "yes") == 0;
}

static void set_waits(struct smtp_client *client, const struct smtp_settings *settings)
{
	client->connect_wait = (unsigned)settings->connect_wait;
	client->greeting_wait = (unsigned)settings->greeting_wait;
	client->envelope_wait = (unsigned)settings->envelope_wait;
	client->data_wait = (unsigned)settings->data_wait;
	client->transfer_wait = (unsigned)settings->transfer_wait;
	client->reply_wait = (unsigned)settings->reply_wait;
}

struct smtp_client *smtp_client_new(const struct smtp_settings *settings, GError **error)
{
	struct smtp_client *client = g_new0(struct smtp_client, 1);

	client->stop = (struct connection_stop){eventfd(0, EFD_CLOEXEC), SMTP_CLIENT_STOP_WAIT};
	client->hostname =
	    g_strdup(*settings->hostname == '\0' ? g_get_host_name() : settings->hostname);
	set_server(client, settings->server);
	set_login(client, settings);
	set_waits(client, settings);
	if ((*client->username == '\0' || credential_check(client->credential, error)) &&
	    prepare_tls(client, settings, error))
		return client;
	smtp_client_free(client);
	return NULL;
}

void smtp_client_free(struct smtp_client *client)
{
	if (!client)
		return;
	g_free(client->host);
	g_free(client->port);
	g_free(client->hostname);
	g_free(client->username);
	credential_free(client->credential);
	SSL_CTX_free(client->tls);
	close(client->stop.fd);
	g_free(client);
}

void smtp_client_stop(struct smtp_client *client)
{
	eventfd_write(client->stop.fd, 1);
}

bool smtp_client_is_stopped(const struct smtp_client *client)
{
	struct pollfd poll_fd = {.fd = client->stop.fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) > 0;
}

char *smtp_client_examine(const struct smtp_settings *settings, char **objection_out,
			  GError **error)
{
	const struct credential_settings credential = smtp_settings_credential(settings);

	*objection_out = credential_objection(&credential);
	smtp_client_free(smtp_client_new(settings, error));
	return g_strdup_printf("%s: password and certificates can be read; it was not asked",
			       settings->server);
}
