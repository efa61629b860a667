/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The server, and the sessions that end by themselves.
 */
#include "console/console_service.h"

#include <unistd.h>

#include "base/log.h"
#include "console/http/server.h"
#include "console/router.h"
#include "console/session/seal.h"
#include "console/settings.h"
#include "console/template/library.h"
#include "daemon/check.h"
#include "daemon/sd_notify.h"
#include "daemon/unix_process.h"
#include "db/schema/migrate.h"
#include "net/listen.h"

enum {
	BODY_MAX = 65536, /* bytes of a form: a page of tasks, and words */
	OF_PERSON_MAX = 5,
	LOOK = 10, /* seconds between two looks at the sessions */
	KEYS_MAX = 10000,
};

struct service {
	const struct console_settings *settings;
	struct console console;
	int fd;
	char *path; /* of a unix socket; NULL else */
	struct server *server;
};

/* One client, or two, cannot keep a person out. */
static const struct throttle_limits guess_limits = {
    .tries = 5, .interval = 20 * G_USEC_PER_SEC, .keys_max = KEYS_MAX};
static const struct throttle_limits name_limits = {
    .tries = 30, .interval = 8 * G_USEC_PER_SEC, .keys_max = KEYS_MAX};
static const struct throttle_limits client_limits = {
    .tries = 60, .interval = G_USEC_PER_SEC, .keys_max = KEYS_MAX};

void console_service_close(void *data)
{
	struct service *service = data;

	if (service->fd >= 0)
		close(service->fd);
	if (service->path)
		unlink(service->path);
	g_free(service->path);
	sessions_free(service->console.sessions);
	throttle_free(service->console.guesses);
	throttle_free(service->console.names);
	throttle_free(service->console.clients);
	g_free(service->console.mark);
	if (service->console.templates)
		g_hash_table_unref(service->console.templates);
	g_free(service);
}

static void make_console(struct console *console, const struct console_settings *settings)
{
	const struct sessions_limits limits = {.sessions_max = (unsigned)settings->sessions_max,
					       .of_person_max = OF_PERSON_MAX,
					       .idle = settings->session_idle * 60 * G_USEC_PER_SEC,
					       .lifetime =
						   settings->session_hours * 3600 * G_USEC_PER_SEC};

	console->conninfo = settings->common.conninfo;
	console->mark = seal_new_id();
	console->query_wait = (unsigned)settings->common.query_wait;
	console->rules_dir = settings->common.rules_dir;
	console->site_rules = settings->common.site_rules;
	console->is_https = console_settings_is_https(settings);
	console->sessions = sessions_new(&limits);
	console->guesses = throttle_new(&guess_limits);
	console->names = throttle_new(&name_limits);
	console->clients = throttle_new(&client_limits);
}

void *console_service_open(const void *data, GError **error)
{
	const struct console_settings *settings = data;
	const struct listen_place place = {"listen", settings->listen,
					   (unsigned)settings->listen_mode};
	struct service *service = g_new0(struct service, 1);

	service->settings = settings;
	service->fd = -1;
	make_console(&service->console, settings);
	service->console.templates = library_templates(error);
	if (service->console.templates)
		service->fd = listen_open(&place, &service->path, error);
	if (service->fd >= 0)
		return service;
	console_service_close(service);
	return NULL;
}

static bool start(struct service *service, GError **error)
{
	const struct console_settings *settings = service->settings;
	const struct server_options options = {
	    .fd = service->fd,
	    .connections_max = (unsigned)settings->connections_max,
	    .threads = (unsigned)settings->threads,
	    .body_max = BODY_MAX,
	    .request_wait = (unsigned)settings->request_wait,
	    .is_https = service->console.is_https,
	    .user_header = settings->user_header,
	    .client_header = settings->client_header,
	    .hosts = settings->hosts,
	    .handler = router_answer,
	    .person = router_person,
	    .context = &service->console,
	};

	service->fd = -1; /* the server's now */
	service->server = server_start(&options, error);
	return service->server;
}

bool console_service_serve(void *data, GError **error)
{
	struct service *service = data;

	if (!start(service, error))
		return false;
	log_event(LOG_LEVEL_INFO, "", "HTTP on %s", service->settings->listen);
	sd_notify_ready("serving");
	while (!unix_process_wait_for_stop(LOOK))
		sessions_look(service->console.sessions);
	server_stop(service->server);
	return true;
}

bool console_service_reload(void *service, const void *fresh, GError **error)
{
	(void)service;
	(void)fresh;
	(void)error;
	return true; /* the log level, which the daemon sets itself */
}

/* What works, but lets in who should stay out. */
static void warn(const struct console_settings *settings)
{
	if (!console_settings_is_https(settings) &&
	    !g_str_has_suffix(settings->listen, "@127.0.0.1") &&
	    !g_str_has_suffix(settings->listen, "@::1") &&
	    !g_str_has_suffix(settings->listen, "@localhost"))
		check_warning("listen", "passwords come in the clear: put a proxy that speaks TLS "
					"in front, and set https = yes");
	if (*settings->user_header != '\0' && *settings->hosts == '\0')
		check_warning("hosts",
			      "a site whose name leads to this machine could act as "
			      "whomever the proxy lets in: name what browsers may call it");
}

bool console_service_check(const void *data)
{
	const struct console_settings *settings = data;
	g_autoptr(GError) error = NULL;
	GHashTable *templates = library_templates(&error);
	bool is_good = check_result("pages", error, "all are in order");

	if (templates)
		g_hash_table_unref(templates);
	g_clear_error(&error);
	check_hosts(settings->common.conninfo);
	bool is_current = db_schema_require(settings->common.conninfo, &error);
	check_database(error);
	if (is_current)
		check_server_state(settings->common.conninfo);
	warn(settings);
	return is_good && is_current;
}
