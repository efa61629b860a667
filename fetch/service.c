/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One thread for each mailbox; everything else is shared.
 */
#include "fetch/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/prometheus_text.h"
#include "daemon/metrics_file.h"
#include "daemon/rules/daemon_rules.h"
#include "daemon/sd_notify.h"
#include "daemon/unix_process.h"
#include "db/parameters/parameter_cache.h"
#include "db/schema/migrate.h"
#include "fetch/lmtp_listener.h"
#include "fetch/mailbox.h"
#include "fetch/store/mailbox_settings.h"

struct service {
	const struct fetch_settings *settings;
	struct db_pool *pool;
	struct smtp_client *smtp;
	struct mail_intake mail_intake;
	GPtrArray *settings_of_mailboxes;
	GPtrArray *mailboxes;
	struct lmtp_listener *lmtp; /* NULL: none */
	int stop_fd;                /* readable once it is to stop */
	gint64 started;             /* seconds since 1970 */
};

/* --- open and close ------------------------------------------------------------------------ */

static void free_mailbox(void *mailbox)
{
	mailbox_free(mailbox);
}

static bool make_mailboxes(struct service *service, GError **error)
{
	service->settings_of_mailboxes = fetch_settings_mailboxes(service->settings, error);
	if (!service->settings_of_mailboxes)
		return false;
	/* one more than is kept: it shows that a mail was cut */
	size_t bytes_max = (size_t)service->settings->intake.message_bytes_max + 1;
	for (guint i = 0; i < service->settings_of_mailboxes->len; i++) {
		const struct mailbox_settings *settings = service->settings_of_mailboxes->pdata[i];
		struct mailbox *mailbox = mailbox_new(settings, bytes_max, &service->mail_intake,
						      service->stop_fd, error);

		if (!mailbox) {
			g_prefix_error(error, "%s: ", settings->name);
			return false;
		}
		g_ptr_array_add(service->mailboxes, mailbox);
	}
	return true;
}

static bool make_taking(struct service *service, GError **error)
{
	const struct fetch_settings *settings = service->settings;
	const struct limits limits = intake_settings_limits(&settings->intake);

	service->smtp = smtp_client_new(&settings->smtp, error);
	struct ruleset *rules = service->smtp ? daemon_rules_load(&settings->common, error) : NULL;
	if (!rules)
		return false;
	service->pool = intake_settings_pool(&settings->common, &settings->intake);
	service->mail_intake.intake = intake_new(rules, service->pool, &limits);
	service->mail_intake.parameter_cache = parameter_cache_new(settings->common.conninfo, "");
	service->mail_intake.smtp = service->smtp;
	service->mail_intake.sender = settings->sender;
	return true;
}

void service_close(void *data)
{
	struct service *service = data;

	g_ptr_array_unref(service->mailboxes);
	lmtp_listener_free(service->lmtp);
	if (service->settings_of_mailboxes)
		g_ptr_array_unref(service->settings_of_mailboxes);
	if (service->mail_intake.parameter_cache)
		parameter_cache_free(service->mail_intake.parameter_cache);
	intake_free(service->mail_intake.intake);
	if (service->pool)
		db_pool_free(service->pool);
	smtp_client_free(service->smtp);
	close(service->stop_fd);
	g_free(service);
}

/* Takes the file descriptor. */
static struct service *open_until(int stop_fd, const void *settings, GError **error)
{
	struct service *service = g_new0(struct service, 1);

	service->settings = settings;
	service->stop_fd = stop_fd;
	service->started = g_get_real_time() / G_USEC_PER_SEC;
	service->mailboxes = g_ptr_array_new_with_free_func(free_mailbox);
	if (make_taking(service, error) && make_mailboxes(service, error))
		return service;
	service_close(service);
	return NULL;
}

void *service_open(const void *settings, GError **error)
{
	return open_until(eventfd(0, EFD_CLOEXEC), settings, error);
}

bool service_connect(void *data, GError **error)
{
	struct service *service = data;

	return parameter_cache_connect(service->mail_intake.parameter_cache, error);
}

/* --- serving ---------------------------------------------------------------------------------- */

static void for_each(const struct service *service, void (*function)(struct mailbox *))
{
	for (guint i = 0; i < service->mailboxes->len; i++)
		function(service->mailboxes->pdata[i]);
}

static bool open_lmtp(struct service *service, GError **error)
{
	const struct fetch_settings *settings = service->settings;
	const struct lmtp_place place = {.socket = settings->lmtp,
					 .mode = (unsigned)settings->lmtp_mode,
					 .own_mta = strcmp(settings->lmtp_own_mta, "yes") == 0,
					 .sessions_max = (unsigned)settings->lmtp_sessions_max};

	if (*settings->lmtp == '\0')
		return true;
	service->lmtp = lmtp_listener_open(&place, &service->mail_intake, error);
	if (!service->lmtp)
		return false;
	lmtp_listener_start(service->lmtp);
	log_event(LOG_LEVEL_INFO, "", "LMTP on %s", settings->lmtp);
	return true;
}

/* The event stays. */
static void stop_mailboxes(const struct service *service)
{
	ssize_t written = write(service->stop_fd, &(guint64){1}, sizeof(guint64));

	(void)written;
	for_each(service, mailbox_wake);
}

/* --- for a monitor -------------------------------------------------------------------------- */

static gint64 mailbox_is_up(const struct mailbox_state *state)
{
	return state->is_up;
}

static gint64 mailbox_looked_at(const struct mailbox_state *state)
{
	return state->looked_at;
}

static gint64 mailbox_done(const struct mailbox_state *state)
{
	return (gint64)state->done;
}

static gint64 mailbox_failed(const struct mailbox_state *state)
{
	return (gint64)state->failed;
}

static const struct {
	const char *name, *type, *help;
	gint64 (*of)(const struct mailbox_state *state);
} mailbox_figures[] = {
    {"bounce_fetch_mailbox_up", "gauge", "whether the mailbox can be read", mailbox_is_up},
    {"bounce_fetch_last_look_timestamp_seconds", "gauge",
     "when it was last read to its end; 0: not yet", mailbox_looked_at},
    {"bounce_fetch_mails_total", "counter", "mails that were recorded", mailbox_done},
    {"bounce_fetch_failures_total", "counter",
     "mails that could not be recorded or moved, each time they were tried", mailbox_failed},
};

static void append_mailboxes(GString *out, const void *data)
{
	const struct service *service = data;

	prometheus_text_append_figure(out, "bounce_fetch_start_time_seconds", "gauge",
				      "since when it runs", service->started);
	prometheus_text_append_figure(out, "bounce_fetch_written_timestamp_seconds", "gauge",
				      "when these figures were written",
				      g_get_real_time() / G_USEC_PER_SEC);
	for (size_t f = 0; service->mailboxes->len > 0 && f < G_N_ELEMENTS(mailbox_figures); f++) {
		prometheus_text_announce(out, mailbox_figures[f].name, mailbox_figures[f].type,
					 mailbox_figures[f].help);
		for (guint i = 0; i < service->mailboxes->len; i++) {
			struct mailbox_state state = mailbox_state(service->mailboxes->pdata[i]);

			prometheus_text_append_labelled(out, mailbox_figures[f].name, "mailbox",
							state.name, mailbox_figures[f].of(&state));
		}
	}
}

/* A mailbox that cannot be read is tried again. */
bool service_serve(void *data, GError **error)
{
	struct service *service = data;

	if (!open_lmtp(service, error))
		return false;
	for_each(service, mailbox_start);
	struct metrics_file *metrics =
	    metrics_file_start(service->settings->metrics_file, append_mailboxes, service);
	log_event(LOG_LEVEL_INFO, "", "ready, %u mailboxes", service->mailboxes->len);
	sd_notify_ready("serving");
	unix_process_wait_until_stop();
	sd_notify_stopping();
	stop_mailboxes(service);
	if (service->lmtp)
		lmtp_listener_stop(service->lmtp);
	for_each(service, mailbox_join);
	metrics_file_stop(metrics);
	return true;
}

bool service_is_working(void *data)
{
	const struct service *service = data;

	return intake_settings_pool_works(&service->settings->common, service->pool);
}

bool service_reload(void *data, const void *fresh_settings, GError **error)
{
	const struct service *service = data;

	if (!daemon_rules_reload(fresh_settings, intake_rules(service->mail_intake.intake), error))
		return false;
	for_each(service, mailbox_wake);
	return true;
}

/* --- once ----------------------------------------------------------------------------------- */

static struct progress progress;

static void on_progress(size_t done, size_t total)
{
	progress_step(&progress, "mails", done, total);
}

static bool run_once(struct mailbox *mailbox, const char *name)
{
	struct mailbox_tally tally;
	g_autoptr(GError) error = NULL;
	bool is_good = mailbox_run_once(mailbox, on_progress, &tally, &error);

	progress_clear(&progress);
	printf("%s: %zu recorded, %zu failed\n", name, tally.done, tally.failed);
	if (error)
		log_event(LOG_LEVEL_ERROR, "", "%s: %s", name, error->message);
	return is_good && tally.failed == 0;
}

static bool run_all_once(const struct service *service)
{
	bool is_good = true;

	for (guint i = 0; i < service->mailboxes->len && !progress_is_interrupted(); i++) {
		const struct mailbox_settings *settings = service->settings_of_mailboxes->pdata[i];

		is_good = run_once(service->mailboxes->pdata[i], settings->name) && is_good;
	}
	return is_good && !progress_is_interrupted();
}

int service_once(const void *data)
{
	const struct fetch_settings *settings = data;
	g_autoptr(GError) error = NULL;
	int status = EX_TEMPFAIL;

	progress_block_signals();
	struct service *service = open_until(progress_signal_fd(), settings, &error);
	if (service && db_schema_require(settings->common.conninfo, &error) &&
	    service_connect(service, &error))
		status = run_all_once(service) ? EXIT_SUCCESS : EX_TEMPFAIL;
	if (error)
		log_event(LOG_LEVEL_ERROR, "", "%s", error->message);
	if (error && !bm_error_is_temporary(error))
		status = EXIT_FAILURE;
	if (service)
		service_close(service);
	return status;
}
