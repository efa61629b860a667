/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-milter, the daemon: its command line and its life from start to stop.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arguments.h"
#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "base/settings.h"
#include "classifier/mime/mime.h"
#include "classifier/rules/ruleset.h"
#include "db/migrate.h"
#include "db/parameter_cache.h"
#include "db/pool.h"
#include "intake/intake.h"
#include "milter/check.h"
#include "milter/filter.h"

enum {
	DATABASE_DELAY_MAX = 30, /* seconds between two tries to reach the database at start */
	STOP_WAIT = 5,           /* seconds that a bounce in progress gets at stop */
};

static const char default_config[] = "/etc/bounce-milter/bounce-milter.conf";

static const char usage[] =
    "usage: bounce-milter [-c FILE] [-d] [--check]\n"
    "\n"
    "Reads the bounces that Postfix or Sendmail pass to its socket, and records them.\n"
    "\n"
    "  -c, --config FILE   configuration (default: /etc/bounce-milter/bounce-milter.conf)\n"
    "  -d, --daemon        go to the background; without it, stay in the foreground\n"
    "      --check         say what is wrong with configuration, rules and database, and end\n"
    "  -V, --version\n"
    "  -h, --help\n"
    "\n"
    "Signals: SIGTERM stops, SIGUSR1 reads the rules and the log level again.\n"
    "Exit status: 0 stopped, 1 a fault that is logged, 64 wrong usage.\n";

/* What lives as long as the service. */
struct service {
	const char *config;
	struct settings settings;
	struct db_pool *pool;
	struct db_watch *watch;
	struct intake *intake;
	gint is_stopping; /* for the reload thread */
};

/* A fault found before the log is open, or with a person in front: to stderr as well. */
static int fail(const GError *error, bool log_is_stderr)
{
	if (!log_is_stderr)
		fprintf(stderr, "bounce-milter: %s\n", error->message);
	log_event(LOG_LEVEL_ERROR, "", "%s", error->message);
	return EXIT_FAILURE;
}

/* SIGUSR1: what can change without a new start is read again; a fault keeps what was. */
static void reload(struct service *service)
{
	g_auto(settings_t) fresh = {0};
	g_autoptr(GError) error = NULL;
	struct ruleset *rules = NULL;

	if (settings_read(service->config, &fresh, &error))
		rules = ruleset_load_configured(fresh.rules_dir, fresh.site_rules, &error);
	if (rules == NULL) {
		log_event(LOG_LEVEL_ERROR, "", "not reloaded, everything stays as it was: %s",
			  error->message);
		return;
	}
	intake_set_rules(service->intake, rules);
	log_set_level(settings_log_level(&fresh));
	log_event(LOG_LEVEL_INFO, "", "rules and log level reloaded");
}

static void *reload_main(void *data)
{
	struct service *service = data;
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	while (sigwait(&set, &number) == 0 && !g_atomic_int_get(&service->is_stopping))
		reload(service);
	return NULL;
}

/* Until the database answers, the socket stays closed, so that the MTA keeps
 * its mail. False with no error: told to stop. */
static bool wait_for_database(struct service *service, int *ready_fd, GError **error)
{
	for (unsigned delay = 1;; delay = MIN(delay * 2, DATABASE_DELAY_MAX)) {
		g_autoptr(GError) cause = NULL;

		if (db_schema_require(service->settings.conninfo, &cause))
			service->watch = db_watch_new(service->settings.conninfo, &cause);
		if (service->watch != NULL)
			return true;
		if (cause->code != BM_ERROR_RETRY && cause->code != BM_ERROR_UNCERTAIN) {
			g_propagate_error(error, g_steal_pointer(&cause));
			return false;
		}
		log_event(LOG_LEVEL_WARNING, "", "waiting for the database, next try in %u s: %s",
			  delay, cause->message);
		process_background_ready(ready_fd);
		if (process_wait_for_stop(delay))
			return false;
	}
}

/* libmilter leaves its workers where they are when it stops. */
static bool wait_until_idle(void)
{
	for (unsigned i = 0; i < STOP_WAIT * 10 && !filter_is_idle(); i++)
		g_usleep(G_USEC_PER_SEC / 10);
	return filter_is_idle();
}

static bool serve(struct service *service, int *ready_fd, GError **error)
{
	const struct limits limits = settings_limits(&service->settings);
	const struct settings *settings = &service->settings;
	struct ruleset *rules =
	    ruleset_load_configured(settings->rules_dir, settings->site_rules, error);

	if (rules == NULL)
		return false;
	service->intake = intake_new(rules, service->pool, &limits);
	if (!wait_for_database(service, ready_fd, error))
		return error == NULL || *error == NULL;
	process_background_ready(ready_fd);

	g_autoptr(GThread) reloader = g_thread_new("reload", reload_main, service);
	const struct filter filter = {
	    .settings = &service->settings, .intake = service->intake, .watch = service->watch};
	bool served = filter_run(&filter, error);
	g_atomic_int_set(&service->is_stopping, 1);
	kill(getpid(), SIGUSR1);
	g_thread_join(g_steal_pointer(&reloader));
	if (!wait_until_idle())
		_exit(EXIT_FAILURE); /* the bounce in progress is tried again by the MTA */
	log_event(LOG_LEVEL_INFO, "", "stopped");
	return served;
}

static struct db_pool *pool_of(const struct settings *settings)
{
	const struct db_pool_options options = {.conninfo = settings->conninfo,
						.size = (unsigned)settings->pool_size,
						.pool_wait = (unsigned)settings->pool_wait,
						.query_wait = (unsigned)settings->query_wait};

	return db_pool_new(&options);
}

static int run(struct service *service, bool is_daemon)
{
	struct settings *settings = &service->settings;
	bool log_is_stderr = settings_log_target(settings) == LOG_TARGET_STDERR;
	g_autoptr(GError) error = NULL;
	int ready_fd = -1;
	int pid_fd = -1;

	if (!process_drop_privileges(settings->user, &error) ||
	    (is_daemon && !process_background(&ready_fd, &error)) ||
	    !process_pid_file_open(settings->pid_file, &pid_fd, &error))
		return fail(error, log_is_stderr);
	process_block_signals();
	log_event(LOG_LEVEL_INFO, "", "bounce-milter " BM_VERSION " starts, configuration %s",
		  service->config);
	service->pool = pool_of(settings);
	bool served = serve(service, &ready_fd, &error);
	db_watch_free(service->watch);
	intake_free(service->intake);
	db_pool_free(service->pool);
	process_pid_file_close(settings->pid_file, pid_fd);
	return served ? EXIT_SUCCESS : fail(error, log_is_stderr);
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.config = default_config};
	struct service service = {0};
	g_autoptr(GError) error = NULL;
	int status = arguments_parse(argc, argv, "bounce-milter", usage, &arguments);

	if (status >= 0)
		return status;
	mime_init();
	if (!settings_read(arguments.config, &service.settings, &error)) {
		fprintf(stderr, "bounce-milter: %s\n", error->message);
		settings_clear(&service.settings);
		return EXIT_FAILURE;
	}
	g_autofree char *config = g_canonicalize_filename(arguments.config, NULL);
	service.config = config; /* absolute: a daemon leaves the directory */
	log_open("bounce-milter", settings_log_target(&service.settings),
		 settings_log_level(&service.settings));
	if (!arguments.is_check)
		status = run(&service, arguments.is_daemon);
	else if (process_drop_privileges(service.settings.user, &error))
		status = check_run(config, &service.settings) ? EXIT_SUCCESS : EXIT_FAILURE;
	else
		status = fail(error, false);
	settings_clear(&service.settings);
	return status;
}
