/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Postfix's syntax (unix:PATH, inet:HOST:PORT) and libmilter's (unix:PATH, inet:PORT@HOST).
 */
#include "milter/postfix/milter_list.h"

#include <stdlib.h>
#include <string.h>

#include <gio/gio.h>

const char *const milter_list_timeout_names[MILTER_TIMEOUTS] = {
    [MILTER_TIMEOUT_CONTENT] = "content_timeout",
    [MILTER_TIMEOUT_COMMAND] = "command_timeout",
    [MILTER_TIMEOUT_CONNECT] = "connect_timeout",
};

static const char separators[] = " \t,";

static void entry_free(void *data)
{
	struct milter_entry *entry = data;

	g_free(entry->endpoint);
	g_free(entry->default_action);
	g_free(entry->protocol);
	g_free(entry->unknown_option);
	for (size_t i = 0; i < MILTER_TIMEOUTS; i++)
		g_free(entry->timeouts[i]);
	g_free(entry);
}

/* Behind the brace that closes the one at p, or the end. */
static const char *after_closing_brace(const char *p)
{
	unsigned depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			return p + 1;
	}
	return p;
}

/* "default_action = tempfail", with or without blanks and braces; NULL if it is not there. */
static char *read_setting(const char *settings, const char *key)
{
	const char *found = strstr(settings, key);

	if (!found)
		return NULL;
	const char *value = found + strlen(key);
	value += strspn(value, " \t=");
	return g_strndup(value, strcspn(value, " \t,}"));
}

/* The first "name =" that Postfix does not know; NULL: it knows them all. */
static char *find_unknown(const char *settings)
{
	static const char *const known[] = {"connect_timeout", "command_timeout", "content_timeout",
					    "default_action",  "protocol",        NULL};

	for (const char *equals = strchr(settings, '='); equals; equals = strchr(equals + 1, '=')) {
		const char *end = equals;

		while (end > settings && g_ascii_isspace(end[-1]))
			end--;
		const char *start = end;
		while (start > settings && !strchr(" \t\n,{}=", start[-1]))
			start--;
		g_autofree char *name = g_strndup(start, (gsize)(end - start));
		if (!g_strv_contains(known, name))
			return g_steal_pointer(&name);
	}
	return NULL;
}

static struct milter_entry *read_entry(const char *text, size_t len)
{
	struct milter_entry *entry = g_new0(struct milter_entry, 1);
	g_autofree char *inside = g_strndup(text, len);
	const char *start = inside + strspn(inside, "{ \t,");
	size_t endpoint_len = strcspn(start, " \t,}");

	entry->endpoint = g_strndup(start, endpoint_len);
	entry->is_open = *text == '{' && text[len - 1] != '}';
	entry->default_action = read_setting(start + endpoint_len, "default_action");
	entry->protocol = read_setting(start + endpoint_len, "protocol");
	if (*text == '{')
		entry->unknown_option = find_unknown(start + endpoint_len);
	for (size_t i = 0; i < MILTER_TIMEOUTS; i++)
		entry->timeouts[i] =
		    read_setting(start + endpoint_len, milter_list_timeout_names[i]);
	return entry;
}

GPtrArray *milter_list_parse(const char *value)
{
	GPtrArray *entries = g_ptr_array_new_with_free_func(entry_free);
	const char *p = value + strspn(value, separators);

	while (*p != '\0') {
		const char *end = *p == '{' ? after_closing_brace(p) : p + strcspn(p, separators);

		g_ptr_array_add(entries, read_entry(p, (size_t)(end - p)));
		p = end + strspn(end, separators);
	}
	return entries;
}

/* Behind "unix:" or "local:"; NULL for others. */
static const char *unix_path(const char *name)
{
	if (g_str_has_prefix(name, "unix:"))
		return name + strlen("unix:");
	return g_str_has_prefix(name, "local:") ? name + strlen("local:") : NULL;
}

char *milter_list_path(const char *endpoint, const struct milter_view *view)
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

bool milter_list_is_numeric(const char *endpoint, bool *is_ipv6_out)
{
	if (!g_str_has_prefix(endpoint, "inet:"))
		return false;
	g_autofree char *host = host_of(endpoint);
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);

	*is_ipv6_out = address && g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6;
	return address;
}

bool milter_list_leads_to(const char *endpoint, const char *socket, const struct milter_view *view)
{
	g_autofree char *path = milter_list_path(endpoint, view);
	const char *own_path = unix_path(socket);

	if (path || own_path)
		return path && own_path && is_same_socket(path, own_path);
	const char *port = strrchr(endpoint, ':');
	g_autofree char *own = own_port(socket);
	return g_str_has_prefix(endpoint, "inet:") && port && strcmp(port + 1, own) == 0 &&
	       can_be_same_host(endpoint, socket);
}

char *milter_list_endpoint(const char *socket, const struct milter_view *view)
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

long milter_list_seconds(const char *time)
{
	static const struct {
		char unit;
		long seconds;
	} units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	char *end;
	long number = strtol(time, &end, 10);

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		if (*end == units[i].unit)
			return number * units[i].seconds;
	return number;
}
