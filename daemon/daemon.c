/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From the command line to the exit status.
 */
#include "daemon/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/arguments.h"
#include "daemon/check.h"
#include "daemon/database_wait.h"
#include "daemon/database_wait_thread.h"
#include "daemon/reloader.h"
#include "daemon/sd_notify.h"
#include "daemon/unix_process.h"
#include "daemon/watchdog.h"
#include "version.h"

/* One run of a program. */
struct daemon {
	const struct daemon_program *program;
	const char *config;
	struct daemon_settings *settings; /* the first member of the program's own */
	void *service;
	bool is_stuck; /* a thread still uses what would be freed: the process just ends */
};

/* Before the log is open, or with a person in front, stderr is told as well. */
static int fail_daemon(const struct daemon *daemon, const GError *error)
{
	if (daemon_settings_log_target(daemon->settings) != LOG_TARGET_STDERR)
		fprintf(stderr, "%s: %s\n", daemon->program->name, error->message);
	log_event(LOG_LEVEL_ERROR, "", "%s", error->message);
	return EXIT_FAILURE;
}

/* A fault keeps what was. */
static void reload(void *data)
{
	struct daemon *daemon = data;
	const struct daemon_program *program = daemon->program;
	g_autofree struct daemon_settings *fresh = g_malloc0(program->settings_size);
	g_autoptr(GError) error = NULL;

	sd_notify_reloading();
	if (program->read(daemon->config, fresh, &error) &&
	    program->reload(daemon->service, fresh, &error)) {
		log_set_level(daemon_settings_log_level(fresh));
		log_event(LOG_LEVEL_INFO, "", "%s reloaded", program->reloadable);
	} else {
		log_event(LOG_LEVEL_ERROR, "", "not reloaded, everything stays as it was: %s",
			  error->message);
	}
	program->clear(fresh);
	sd_notify_ready(error ? "serving; the last reload failed" : "serving");
}

static bool connect_service(void *data, GError **error)
{
	const struct daemon *daemon = data;

	return !daemon->program->connect || daemon->program->connect(daemon->service, error);
}

/* Serving, in a thread of its own. */
struct served {
	const struct daemon *daemon;
	bool is_good;
	GError *error; /* where it is not */
};

static void *serve_main(void *data)
{
	struct served *served = data;
	const struct daemon *daemon = served->daemon;

	served->is_good = daemon->program->serve(daemon->service, &served->error);
	sd_notify_stopping();
	return NULL;
}

/* The main thread is left to SIGHUP. */
static bool serve_in_thread(struct daemon *daemon, GError **error)
{
	const struct watchdog_question question = {daemon->program->is_working, daemon->service};
	struct served served = {.daemon = daemon};
	struct watchdog *watchdog = watchdog_start(&question);
	struct reloader *reloader = reloader_start(reload, daemon);
	GThread *thread = g_thread_new("serve", serve_main, &served);

	unix_process_take_hangups();
	g_thread_join(thread);
	reloader_stop(reloader);
	watchdog_stop(watchdog);
	if (served.error)
		g_propagate_error(error, served.error);
	return served.is_good;
}

static bool pause_daemon(void *context, unsigned seconds)
{
	(void)context;
	return unix_process_wait_for_stop(seconds);
}

static bool serve_beside(struct daemon *daemon, const struct database_wait *wait, GError **error)
{
	struct database_wait_thread *waiter = database_wait_thread_start(wait);
	bool served = serve_in_thread(daemon, error);

	daemon->is_stuck = !database_wait_thread_stop(waiter);
	return served;
}

static bool serve_after(struct daemon *daemon, const struct database_wait *wait, GError **error)
{
	switch (database_wait(wait, error)) {
	case DATABASE_REFUSED:
		return false;
	case DATABASE_STOPPED:
		return true;
	case DATABASE_READY:
		break;
	}
	return serve_in_thread(daemon, error);
}

static bool serve(struct daemon *daemon, GError **error)
{
	const struct daemon_program *program = daemon->program;
	const struct database_wait wait = {.conninfo = daemon->settings->conninfo,
					   .connect = connect_service,
					   .context = daemon,
					   .pause = pause_daemon};
	bool can_wait = program->can_wait && program->can_wait(daemon->service);
	bool served =
	    can_wait ? serve_beside(daemon, &wait, error) : serve_after(daemon, &wait, error);

	log_event(LOG_LEVEL_INFO, "", "stopped");
	return served;
}

static bool open_and_serve(struct daemon *daemon, GError **error)
{
	const struct daemon_program *program = daemon->program;

	unix_process_block_signals();
	log_event(LOG_LEVEL_INFO, "", "%s " BM_VERSION " starts, configuration %s", program->name,
		  daemon->config);
	daemon->service = program->open(daemon->settings, error);
	if (!daemon->service)
		return false;
	bool served = serve(daemon, error);
	if (!daemon->is_stuck)
		program->close(daemon->service);
	return served;
}

static int run_daemon(struct daemon *daemon, const struct arguments *arguments)
{
	const struct daemon_settings *settings = daemon->settings;
	g_autoptr(GError) error = NULL;
	int pid_fd = -1;

	if (!unix_process_drop_privileges(settings->user, &error)) {
		fail_daemon(daemon, error);
		return EX_CONFIG;
	}
	if ((arguments->is_daemon && !unix_process_background(&error)) ||
	    !unix_process_pid_file_open(settings->pid_file, &pid_fd, &error))
		return fail_daemon(daemon, error);
	unix_process_set_home();
	unix_process_raise_descriptor_limit();
	bool served = open_and_serve(daemon, &error);
	unix_process_pid_file_close(settings->pid_file, pid_fd);
	if (daemon->is_stuck)
		_exit(served ? EXIT_SUCCESS : EXIT_FAILURE);
	if (served)
		return EXIT_SUCCESS;
	int status = fail_daemon(daemon, error);
	return daemon->service || error->code != BM_ERROR_CONFIG ? status : EX_CONFIG;
}

static int check_configuration(const struct daemon *daemon)
{
	g_autoptr(GError) error = NULL;

	if (daemon->program->before_check)
		daemon->program->before_check();
	if (!unix_process_drop_privileges(daemon->settings->user, &error))
		return fail_daemon(daemon, error);
	unix_process_set_home();
	bool files = check_files(daemon->settings, daemon->config);
	bool good = daemon->program->check(daemon->settings);
	return files && good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int once(const struct daemon *daemon)
{
	g_autoptr(GError) error = NULL;

	if (!unix_process_drop_privileges(daemon->settings->user, &error))
		return fail_daemon(daemon, error);
	unix_process_set_home();
	return daemon->program->once(daemon->settings);
}

static int run_or_check(struct daemon *daemon, const struct arguments *arguments)
{
	g_autoptr(GError) error = NULL;

	if (!daemon->program->read(daemon->config, daemon->settings, &error)) {
		fprintf(stderr, "%s: %s\n", daemon->program->name, error->message);
		return EX_CONFIG;
	}
	log_open(daemon->program->name, daemon_settings_log_target(daemon->settings),
		 daemon_settings_log_level(daemon->settings));
	if (arguments->is_check)
		return check_configuration(daemon);
	return arguments->is_once ? once(daemon) : run_daemon(daemon, arguments);
}

int daemon_main(const struct daemon_program *program, int argc, char **argv)
{
	g_auto(arguments_t) arguments = {0};
	int status = arguments_parse(argc, argv, program->name, &program->help, &arguments);

	if (status >= 0)
		return status;
	g_autofree struct daemon_settings *settings = g_malloc0(program->settings_size);
	struct daemon daemon = {
	    .program = program, .config = arguments.config, .settings = settings};
	status = run_or_check(&daemon, &arguments);
	program->clear(settings);
	return status;
}
