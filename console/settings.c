/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Its keys.
 */
#include "console/settings.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "net/listen.h"

static const struct config_key keys[] = {
    CONFIG_NAME_KEY(console_settings, listen, "inet:8025@127.0.0.1",
		    "where browsers, or a proxy, reach it: inet:PORT@HOST or unix:PATH"),
    CONFIG_NUMBER_KEY(console_settings, listen_mode, CONFIG_OCTAL, "660", 0, 0777,
		      "permissions of a unix socket, octal"),
    CONFIG_TEXT_KEY(console_settings, https, "no", "no|yes",
		    "whether browsers come by HTTPS, which a proxy speaks for us"),
    CONFIG_TEXT_KEY(
	console_settings, user_header, "", NULL,
	"field of the header in which a proxy names who is logged in; on a unix socket"),
    CONFIG_TEXT_KEY(console_settings, client_header, "", NULL,
		    "field of the header in which a proxy names the client's address; the same"),
    CONFIG_TEXT_KEY(console_settings, hosts, "", NULL,
		    "names by which browsers may call it, with blanks between; empty: any"),
    CONFIG_NUMBER_KEY(console_settings, connections_max, CONFIG_INTEGER, "1000", 10, 20000,
		      "connections at the same time"),
    CONFIG_NUMBER_KEY(console_settings, threads, CONFIG_INTEGER, "8", 1, 100,
		      "requests that are answered at the same time"),
    CONFIG_NUMBER_KEY(console_settings, request_wait, CONFIG_INTEGER, "30", 2, 600,
		      "seconds for a request to be complete, or its answer to be taken"),
    CONFIG_NUMBER_KEY(console_settings, sessions_max, CONFIG_INTEGER, "50", 1, 1000,
		      "people who are logged in; each has a connection to the database"),
    CONFIG_NUMBER_KEY(console_settings, session_idle, CONFIG_INTEGER, "30", 1, 1440,
		      "minutes without a request after which a session ends"),
    CONFIG_NUMBER_KEY(console_settings, session_hours, CONFIG_INTEGER, "12", 1, 168,
		      "hours after the login when a session ends"),
};

struct config_sections console_settings_sections(struct console_settings *settings)
{
	return (struct config_sections){
	    {daemon_settings_section(&settings->common), {keys, G_N_ELEMENTS(keys), settings}}};
}

/* What a proxy says in the header is said by whoever can open the socket. */
static bool check_place(const struct console_settings *settings, const char *path, GError **error)
{
	bool is_told = *settings->user_header != '\0' || *settings->client_header != '\0';
	const char *objection = listen_objection(settings->listen);
	const char *key = "listen";

	if (!objection && is_told && !g_str_has_prefix(settings->listen, "unix:")) {
		objection = "user_header and client_header need a unix socket (unix:PATH): anybody "
			    "who reaches a port could name anybody";
	} else if (!objection && is_told && (settings->listen_mode & S_IWOTH) != 0) {
		key = "listen_mode";
		objection = "user_header and client_header need a socket that is not open to "
			    "everybody: whoever opens it could name anybody";
	}
	if (objection)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: %s: %s", path, key, objection);
	return !objection;
}

bool console_settings_read(const char *path, struct console_settings *settings_out, GError **error)
{
	const struct config_sections sections = console_settings_sections(settings_out);

	memset(settings_out, 0, sizeof *settings_out);
	if (!config_read(path, &sections, error))
		return false;
	return check_place(settings_out, path, error);
}

void console_settings_clear(struct console_settings *settings)
{
	const struct config_sections sections = console_settings_sections(settings);

	config_clear(&sections);
}

bool console_settings_is_https(const struct console_settings *settings)
{
	return strcmp(settings->https, "yes") == 0;
}
