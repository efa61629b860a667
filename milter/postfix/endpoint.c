/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Postfix's syntax (unix:PATH, inet:HOST:PORT) and libmilter's (unix:PATH, inet:PORT@HOST).
 */
#include "milter/postfix/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include <gio/gio.h>

/* Behind "unix:" or "local:"; NULL for others. */
static const char *unix_path(const char *name)
{
	if (g_str_has_prefix(name, "unix:"))
		return name + strlen("unix:");
	return g_str_has_prefix(name, "local:") ? name + strlen("local:") : NULL;
}

char *endpoint_path(const char *endpoint, const struct endpoint_view *view)
{
	const char *path = unix_path(endpoint);

	if (!path)
		return NULL;
	return *path == '/' && !view->is_chrooted
		   ? g_canonicalize_filename(path, NULL)
		   : g_build_filename(view->queue_directory, path, NULL);
}

/* Symbolic links on the way make two names of one file. */
static bool is_same_socket(const char *a, const char *b)
{
	g_autofree char *a_dir = g_path_get_dirname(a);
	g_autofree char *b_dir = g_path_get_dirname(b);
	g_autofree char *a_name = g_path_get_basename(a);
	g_autofree char *b_name = g_path_get_basename(b);
	g_autofree char *a_real = realpath(a_dir, NULL);
	g_autofree char *b_real = realpath(b_dir, NULL);

	return strcmp(a_name, b_name) == 0 &&
	       strcmp(a_real ? a_real : a_dir, b_real ? b_real : b_dir) == 0;
}

/* libmilter's "inet:PORT@HOST" or "inet:PORT" has the port first, Postfix's last. */
static char *own_port(const char *socket)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a setting is never NULL */
	const char *colon = strchr(socket, ':');
	const char *port = colon ? colon + 1 : "";

	return g_strndup(port, strcspn(port, "@"));
}

/* The host of Postfix's "inet:HOST:PORT" or of libmilter's "inet:PORT@HOST", without brackets;
 * "" for none. Heap. */
static char *host_of(const char *name)
{
	const char *at = strchr(name, '@');
	const char *start = at ? at + 1 : strchr(name, ':') + 1;
	const char *end = at ? start + strlen(start) : strrchr(start, ':');
	g_autofree char *host = g_strndup(start, end ? (gsize)(end - start) : 0);

	return g_strdup(g_strstrip(g_strdelimit(host, "[]", ' ')));
}

/* Whether a connection to the one can end at the other. Names are not looked up: they may. */
static bool can_be_same_host(const char *endpoint, const char *socket)
{
	g_autofree char *theirs = host_of(endpoint);
	g_autofree char *ours = strchr(socket, '@') ? host_of(socket) : g_strdup("");
	g_autoptr(GInetAddress) their_address = g_inet_address_new_from_string(theirs);
	g_autoptr(GInetAddress) our_address = g_inet_address_new_from_string(ours);

	return !their_address || !our_address || g_inet_address_get_is_any(our_address) ||
	       g_inet_address_equal(their_address, our_address);
}

bool endpoint_is_numeric(const char *endpoint, bool *is_ipv6_out)
{
	if (!g_str_has_prefix(endpoint, "inet:"))
		return false;
	g_autofree char *host = host_of(endpoint);
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);

	*is_ipv6_out = address && g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6;
	return address;
}

bool endpoint_leads_to(const char *endpoint, const char *socket, const struct endpoint_view *view)
{
	g_autofree char *path = endpoint_path(endpoint, view);
	const char *own_path = unix_path(socket);

	if (path || own_path)
		return path && own_path && is_same_socket(path, own_path);
	const char *port = strrchr(endpoint, ':');
	g_autofree char *own = own_port(socket);
	return g_str_has_prefix(endpoint, "inet:") && port && strcmp(port + 1, own) == 0 &&
	       can_be_same_host(endpoint, socket);
}

char *endpoint_of_socket(const char *socket, const struct endpoint_view *view)
{
	const char *path = unix_path(socket);
	g_autofree char *root = g_strconcat(view->queue_directory, "/", NULL);

	if (path)
		return g_strconcat(
		    "unix:", g_str_has_prefix(path, root) ? path + strlen(root) : path, NULL);
	g_autofree char *port = own_port(socket);
	const char *host = strchr(socket, '@');
	return g_strdup_printf("inet:%s:%s", host ? host + 1 : "localhost", port);
}
