/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-delivery: its command line and its life from start to stop.
 */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <auth-client.h>

#include "base/arguments.h"
#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "classifier/mime/mime.h"
#include "classifier/rules/live_ruleset.h"
#include "db/migrate.h"
#include "delivery/patience.h"
#include "delivery/settings.h"
#include "delivery/smtp.h"
#include "delivery/worker.h"

enum {
	DATABASE_DELAY_MAX = 30, /* seconds between two tries to reach the database at start */
};

static const char default_config[] = "/etc/bounce-milter/bounce-delivery.conf";

static const char usage[] =
    "usage: bounce-delivery [-c FILE] [-d] [--check]\n"
    "\n"
    "Sends what is due in bounce.communication through the submission server.\n"
    "\n"
    "  -c, --config FILE   configuration (default: /etc/bounce-milter/bounce-delivery.conf)\n"
    "  -d, --daemon        go to the background; without it, stay in the foreground\n"
    "      --check         say what is wrong with configuration, rules and database, and end\n"
    "  -V, --version\n"
    "  -h, --help\n"
    "\n"
    "Signals: SIGTERM stops after the mail in hand, SIGUSR1 reads the rules and the log level "
    "again.\n"
    "Exit status: 0 stopped, 1 a fault that is logged, 64 wrong usage.\n";

static int fail(const GError *error, bool log_is_stderr)
{
	if (!log_is_stderr)
		fprintf(stderr, "bounce-delivery: %s\n", error->message);
	log_event(LOG_LEVEL_ERROR, "", "%s", error->message);
	return EXIT_FAILURE;
}

/* False with no error: told to stop. */
static bool wait_for_database(const struct delivery_settings *settings, int *ready_fd,
			      GError **error)
{
	for (unsigned delay = 1;; delay = MIN(delay * 2, DATABASE_DELAY_MAX)) {
		g_autoptr(GError) cause = NULL;

		if (db_schema_require(settings->conninfo, &cause))
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

/* What can change without a new start is read again; a fault keeps what was. */
static void reload(const char *config, struct live_ruleset *rules)
{
	g_auto(delivery_settings_t) fresh = {0};
	g_autoptr(GError) error = NULL;
	struct ruleset *fresh_rules = NULL;

	if (delivery_settings_read(config, &fresh, &error))
		fresh_rules = ruleset_load_configured(fresh.rules_dir, fresh.site_rules, &error);
	if (fresh_rules == NULL) {
		log_event(LOG_LEVEL_ERROR, "", "not reloaded, everything stays as it was: %s",
			  error->message);
		return;
	}
	live_ruleset_set(rules, fresh_rules);
	log_set_level(delivery_settings_log_level(&fresh));
	log_event(LOG_LEVEL_INFO, "", "rules and log level reloaded");
}

static void work(const char *config, const struct delivery_settings *settings,
		 const struct smtp_client *client, struct live_ruleset *rules)
{
	struct workers *workers = workers_start(settings, client, rules);

	log_event(LOG_LEVEL_INFO, "", "ready, %ld workers for %s", settings->workers,
		  settings->server);
	while (process_wait_for_wish() == PROCESS_RELOAD)
		reload(config, rules);
	workers_stop(workers);
	log_event(LOG_LEVEL_INFO, "", "stopped");
}

static bool serve(const char *config, const struct delivery_settings *settings, int *ready_fd,
		  GError **error)
{
	struct smtp_client *client = smtp_client_new(settings, error);
	struct ruleset *rules =
	    client == NULL
		? NULL
		: ruleset_load_configured(settings->rules_dir, settings->site_rules, error);
	GError *cause = NULL;

	if (rules == NULL) {
		smtp_client_free(client);
		return false;
	}
	struct live_ruleset *live = live_ruleset_new(rules);
	if (wait_for_database(settings, ready_fd, &cause)) {
		process_background_ready(ready_fd);
		work(config, settings, client, live);
	}
	live_ruleset_free(live);
	smtp_client_free(client);
	if (cause == NULL)
		return true;
	g_propagate_error(error, cause);
	return false;
}

/* libpq and libESMTP look for passwords and client certificates under HOME; root's
 * own, left behind by dropping privileges, would be a fault to the latter. */
static void set_home(void)
{
	const struct passwd *account = getpwuid(geteuid()); /* before the first thread */

	if (account != NULL)
		setenv("HOME", account->pw_dir, 1);
	unsetenv("XDG_CONFIG_HOME");
}

static int run(const char *config, const struct delivery_settings *settings, bool is_daemon)
{
	bool log_is_stderr = delivery_settings_log_target(settings) == LOG_TARGET_STDERR;
	g_autoptr(GError) error = NULL;
	int ready_fd = -1;
	int pid_fd = -1;

	if (!process_drop_privileges(settings->user, &error) ||
	    (is_daemon && !process_background(&ready_fd, &error)) ||
	    !process_pid_file_open(settings->pid_file, &pid_fd, &error))
		return fail(error, log_is_stderr);
	set_home();
	process_block_signals();
	log_event(LOG_LEVEL_INFO, "", "bounce-delivery " BM_VERSION " starts, configuration %s",
		  config);
	bool served = serve(config, settings, &ready_fd, &error);
	process_pid_file_close(settings->pid_file, pid_fd);
	return served ? EXIT_SUCCESS : fail(error, log_is_stderr);
}

static bool say(const char *what, const GError *error, const char *good)
{
	printf("%-8s %-14s %s\n", error == NULL ? "ok" : "FAULT", what,
	       error == NULL ? good : error->message);
	return error == NULL;
}

/* Looks on after a fault, so that one run shows all. */
static int check(const char *config, const struct delivery_settings *settings)
{
	g_autoptr(GError) rules_error = NULL;
	g_autoptr(GError) server_error = NULL;
	g_autoptr(GError) database_error = NULL;
	g_autoptr(ruleset_t) rules =
	    ruleset_load_configured(settings->rules_dir, settings->site_rules, &rules_error);
	struct smtp_client *client = smtp_client_new(settings, &server_error);
	bool schema = db_schema_require(settings->conninfo, &database_error);

	(void)rules; /* only whether they load */
	g_autofree char *server = g_strdup_printf(
	    "%s: password and certificates can be read; it was not asked", settings->server);
	bool good = say("rules", rules_error, "loaded");
	good &= say("server", server_error, server);
	good &= say("database", database_error,
		    "reached, and its schema is the one this program knows");
	say("configuration", NULL, config);
	smtp_client_free(client);
	return good && schema ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.config = default_config};
	g_auto(delivery_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	int status = arguments_parse(argc, argv, "bounce-delivery", usage, &arguments);

	if (status >= 0)
		return status;
	mime_init();
	auth_client_init();
	patience_init();
	if (!delivery_settings_read(arguments.config, &settings, &error)) {
		fprintf(stderr, "bounce-delivery: %s\n", error->message);
		return EXIT_FAILURE;
	}
	g_autofree char *config = g_canonicalize_filename(arguments.config, NULL);
	log_open("bounce-delivery", delivery_settings_log_target(&settings),
		 delivery_settings_log_level(&settings));
	if (!arguments.is_check)
		return run(config, &settings, arguments.is_daemon);
	return process_drop_privileges(settings.user, &error) ? check(config, &settings)
							      : fail(error, false);
}
