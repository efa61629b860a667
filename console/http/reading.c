/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Fields, address and body; what a proxy says is believed from where nobody else comes.
 */
#include "console/http/reading.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "console/http/fields.h"

enum { LANGUAGE_MAX = 200 };

static const char unix_peer[] = "unix";

static char *peer_of(const struct reading *reading)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(reading->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char host[NI_MAXHOST];

	if (!info || !info->client_addr)
		return g_strdup(unix_peer);
	const struct sockaddr *address = info->client_addr;
	socklen_t len = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						       : sizeof(struct sockaddr_in);
	if ((address->sa_family != AF_INET && address->sa_family != AF_INET6) ||
	    getnameinfo(address, len, host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0)
		return g_strdup(unix_peer);
	return g_strdup(host);
}

/* What the proxy says is believed on a unix socket alone, which nobody else may open. */
static const char *proxy_field(const struct reading *reading, const char *peer, const char *name)
{
	if (*name == '\0' || strcmp(peer, unix_peer) != 0)
		return NULL;
	return fields_only(reading->connection, name);
}

static char *user_of(const struct reading *reading, const char *peer)
{
	return g_strdup(proxy_field(reading, peer, reading->user_header));
}

/* Whom the proxy had it from: of several addresses the last, which it has put there itself. */
static char *client_of(const struct reading *reading, const char *peer)
{
	const char *field = proxy_field(reading, peer, reading->client_header);
	const char *comma = field ? strrchr(field, ',') : NULL;
	g_autofree char *address = g_strstrip(g_strdup(comma ? comma + 1 : field ? field : ""));

	return g_hostname_is_ip_address(address) ? g_steal_pointer(&address) : NULL;
}

bool reading_make(const struct reading *reading, struct request *request)
{
	const char *mark = strchr(reading->uri, '?');
	const char *query = mark ? mark + 1 : "";
	const char *language = fields_first(reading->connection, MHD_HTTP_HEADER_ACCEPT_LANGUAGE);
	const char *cookie = fields_only(reading->connection, MHD_HTTP_HEADER_COOKIE);

	request->path =
	    mark ? g_strndup(reading->uri, (gsize)(mark - reading->uri)) : g_strdup(reading->uri);
	request->query = form_parse(query, strlen(query), NULL);
	request->body = form_parse((const char *)reading->body->data, reading->body->len, NULL);
	request->cookie = g_strdup(cookie ? cookie : "");
	request->language = g_strndup(language ? language : "", LANGUAGE_MAX);
	request->peer = peer_of(reading);
	request->user = user_of(reading, request->peer);
	char *client = client_of(reading, request->peer);
	if (client) {
		g_free(request->peer);
		request->peer = client;
	}
	request->is_from_elsewhere =
	    request_is_from_elsewhere(fields_first(reading->connection, "Sec-Fetch-Site"),
				      fields_first(reading->connection, MHD_HTTP_HEADER_ORIGIN),
				      fields_first(reading->connection, MHD_HTTP_HEADER_HOST));
	return request->query && request->body;
}
