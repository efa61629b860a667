/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-milter: what it does in the life of a daemon.
 */
#include <unistd.h>

#include "classifier/mime/mime.h"
#include "daemon/daemon.h"
#include "daemon/privileged_helper.h"
#include "daemon/rules/daemon_rules.h"
#include "db/parameters/parameter_cache.h"
#include "db/pool.h"
#include "intake/intake.h"
#include "intake/milter_settings.h"
#include "milter/check.h"
#include "milter/figures.h"
#include "milter/filter.h"
#include "milter/sendmail/address_test.h"

enum { STOP_WAIT = 5 }; /* seconds that a bounce in progress gets at stop */

struct service {
	const struct milter_settings *settings;
	struct db_pool *pool;
	struct parameter_cache *parameter_cache;
	struct intake *intake;
	struct figures *figures;
};

static void *service_open(const void *data, GError **error)
{
	const struct milter_settings *settings = data;
	const struct limits limits = intake_settings_limits(&settings->intake);
	struct ruleset *rules = daemon_rules_load(&settings->common, error);

	if (!rules)
		return NULL;
	struct service *service = g_new0(struct service, 1);
	service->settings = settings;
	service->pool = intake_settings_pool(&settings->common, &settings->intake);
	service->parameter_cache =
	    parameter_cache_new(settings->common.conninfo, settings->state_file);
	service->intake = intake_new(rules, service->pool, &limits);
	service->figures = figures_new(service->pool, service->intake);
	return service;
}

static bool service_connect(void *data, GError **error)
{
	struct service *service = data;

	return parameter_cache_connect(service->parameter_cache, error);
}

/* Which mail is ours is known, so that only that mail need wait. */
static bool service_can_wait(void *data)
{
	const struct service *service = data;

	return parameter_cache_is_known(service->parameter_cache);
}

/* libmilter leaves its workers where they are when it stops. */
static bool wait_until_idle(void)
{
	for (unsigned i = 0; i < STOP_WAIT * 10 && !filter_is_idle(); i++)
		g_usleep(G_USEC_PER_SEC / 10);
	return filter_is_idle();
}

static bool service_serve(void *data, GError **error)
{
	const struct service *service = data;
	const struct filter filter = {.settings = service->settings,
				      .intake = service->intake,
				      .parameter_cache = service->parameter_cache,
				      .figures = service->figures};

	figures_start(service->figures, service->settings->metrics_file);
	bool served = filter_run(&filter, error);
	figures_stop(service->figures);
	if (!wait_until_idle())
		_exit(EXIT_FAILURE); /* the MTA tries the bounce in progress again */
	return served;
}

static bool service_is_working(void *data)
{
	const struct service *service = data;

	return intake_settings_pool_works(&service->settings->common, service->pool);
}

static bool service_reload(void *data, const void *fresh_settings, GError **error)
{
	const struct service *service = data;

	return daemon_rules_reload(fresh_settings, intake_rules(service->intake), error);
}

static void service_close(void *data)
{
	struct service *service = data;

	figures_free(service->figures);
	parameter_cache_free(service->parameter_cache);
	intake_free(service->intake);
	db_pool_free(service->pool);
	g_free(service);
}

DAEMON_SETTINGS(milter)

static void start_outsider(void)
{
	privileged_helper_start(address_test_command());
}

int main(int argc, char **argv)
{
	static const struct daemon_program program = {
	    .name = "bounce-milter",
	    .help = {.purpose = "Reads the bounces that Postfix or Sendmail pass to its socket, "
				"and records them.",
		     .checked = "configuration, rules and database",
		     .signals = "SIGTERM stops, SIGHUP reads the rules and the log level again."},
	    .reloadable = "rules and log level",
	    .settings_size = sizeof(struct milter_settings),
	    .read = read_settings,
	    .clear = clear_settings,
	    .before_check = start_outsider,
	    .check = milter_check,
	    .open = service_open,
	    .connect = service_connect,
	    .can_wait = service_can_wait,
	    .serve = service_serve,
	    .is_working = service_is_working,
	    .reload = service_reload,
	    .close = service_close,
	};

	mime_init();
	return daemon_main(&program, argc, argv);
}
