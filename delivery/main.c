/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-delivery: what it does in the life of a daemon.
 */
#include "base/log.h"
#include "classifier/mime/mime.h"
#include "daemon/daemon.h"
#include "daemon/rules/daemon_rules.h"
#include "daemon/sd_notify.h"
#include "daemon/unix_process.h"
#include "delivery/check.h"
#include "delivery/copies.h"
#include "delivery/settings.h"
#include "delivery/smtp/client.h"
#include "delivery/webhook.h"
#include "delivery/workers.h"

struct service {
	const struct delivery_settings *settings;
	struct smtp_client *client;
	struct live_ruleset *rules;
	struct workers *workers; /* atomic; NULL until they start */
	struct webhook *webhook; /* NULL: there is none */
	struct copies *copies;   /* NULL: there are none */
};

static void *service_open(const void *data, GError **error)
{
	const struct delivery_settings *settings = data;

	g_autoptr(GError) cause = NULL;
	struct copies *copies = copies_new(settings, &cause);
	g_prefix_error(&cause, "smtp_host: ");
	struct smtp_client *client = cause ? NULL : smtp_client_new(&settings->smtp, &cause);
	struct ruleset *rules = client ? daemon_rules_load(&settings->common, &cause) : NULL;

	if (!rules) {
		smtp_client_free(client);
		copies_free(copies);
		g_propagate_error(error, g_steal_pointer(&cause));
		return NULL;
	}
	struct service *service = g_new0(struct service, 1);
	service->settings = settings;
	service->client = client;
	service->copies = copies;
	service->rules = live_ruleset_new(rules);
	return service;
}

static bool service_serve(void *data, GError **error)
{
	struct service *service = data;
	struct workers *workers = workers_start(service->settings, service->client, service->rules);

	(void)error; /* a worker that cannot work tries again */
	log_event(LOG_LEVEL_INFO, "", "ready, %ld workers for %s", service->settings->workers,
		  service->settings->smtp.server);
	g_atomic_pointer_set(&service->workers, workers);
	service->webhook = webhook_start(service->settings);
	copies_start(service->copies, service->rules);
	sd_notify_ready("serving");
	unix_process_wait_until_stop();
	sd_notify_stopping();
	workers_begin_to_stop(workers);
	smtp_client_stop(service->client);
	copies_stop(service->copies);
	webhook_stop(service->webhook);
	workers_stop(workers);
	return true;
}

static bool service_is_working(void *data)
{
	struct service *service = data;
	const struct workers *workers = g_atomic_pointer_get(&service->workers);

	return !workers || workers_are_kept(workers);
}

static bool service_reload(void *data, const void *fresh_settings, GError **error)
{
	const struct service *service = data;

	return daemon_rules_reload(fresh_settings, service->rules, error);
}

static void service_close(void *data)
{
	struct service *service = data;

	workers_free(service->workers);
	copies_free(service->copies);
	live_ruleset_free(service->rules);
	smtp_client_free(service->client);
	g_free(service);
}

DAEMON_SETTINGS(delivery)

int main(int argc, char **argv)
{
	static const struct daemon_program program = {
	    .name = "bounce-delivery",
	    .help = {.purpose =
			 "Sends what is due in bounce.communication through the submission server.",
		     .checked = "configuration, rules and database",
		     .signals = "SIGTERM stops after the mail in hand, SIGHUP reads the rules and "
				"the log level again."},
	    .reloadable = "rules and log level",
	    .settings_size = sizeof(struct delivery_settings),
	    .read = read_settings,
	    .clear = clear_settings,
	    .check = delivery_check,
	    .open = service_open,
	    .serve = service_serve,
	    .is_working = service_is_working,
	    .reload = service_reload,
	    .close = service_close,
	};

	mime_init();
	return daemon_main(&program, argc, argv);
}
