/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From the settings to what a session needs.
 */
#include "delivery/smtp/client.h"

#include <string.h>

#include "base/error.h"
#include "delivery/smtp/esmtp.h"
#include "delivery/smtp/tls.h"

void smtp_client_init(void)
{
	auth_client_init();
	connect_timeout_init();
}

static bool read_password(struct smtp_client *client, const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) cause = NULL;

	if (!g_file_get_contents(path, &text, NULL, &cause)) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "password_file: %s", cause->message);
		return false;
	}
	text[strcspn(text, "\r\n")] = '\0';
	client->password = g_steal_pointer(&text);
	return true;
}

/* The host of HOST:PORT, for the certificate. */
static char *host_of(const char *server)
{
	const char *colon = strrchr(server, ':');

	return colon ? g_strndup(server, (gsize)(colon - server)) : g_strdup(server);
}

static bool prepare_tls(struct smtp_client *client, const struct smtp_settings *settings,
			GError **error)
{
	g_autofree char *host = host_of(client->server);

	client->is_verifying = strcmp(settings->starttls, "verify") == 0;
	client->starttls = strcmp(settings->starttls, "off") == 0   ? Starttls_DISABLED
			   : strcmp(settings->starttls, "may") == 0 ? Starttls_ENABLED
								    : Starttls_REQUIRED;
	client->tls = tls_context_new(client->is_verifying, settings->tls_ca_file, host, error);
	return client->tls;
}

struct smtp_client *smtp_client_new(const struct smtp_settings *settings, GError **error)
{
	struct smtp_client *client = g_new0(struct smtp_client, 1);

	client->server = g_strdup(settings->server);
	client->hostname =
	    g_strdup(*settings->hostname == '\0' ? g_get_host_name() : settings->hostname);
	client->username = g_strdup(settings->username);
	client->connect_wait = (unsigned)settings->connect_wait;
	client->waits[Timeout_GREETING] = settings->greeting_wait * 1000;
	client->waits[Timeout_ENVELOPE] = settings->envelope_wait * 1000;
	client->waits[Timeout_DATA] = settings->data_wait * 1000;
	client->waits[Timeout_TRANSFER] = settings->transfer_wait * 1000;
	client->waits[Timeout_DATA2] = settings->reply_wait * 1000;
	if ((*client->username == '\0' || read_password(client, settings->password_file, error)) &&
	    prepare_tls(client, settings, error))
		return client;
	smtp_client_free(client);
	return NULL;
}

void smtp_client_free(struct smtp_client *client)
{
	if (!client)
		return;
	g_free(client->server);
	g_free(client->hostname);
	g_free(client->username);
	if (client->password)
		explicit_bzero(client->password, strlen(client->password));
	g_free(client->password);
	SSL_CTX_free(client->tls);
	g_free(client);
}
