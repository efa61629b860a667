/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-console: what it does in the life of a daemon.
 */
#include "classifier/mime/mime.h"
#include "console/console_service.h"
#include "console/settings.h"
#include "daemon/daemon.h"

DAEMON_SETTINGS(console)

int main(int argc, char **argv)
{
	static const struct daemon_program program = {
	    .name = "bounce-console",
	    .help =
		{.purpose =
		     "Shows tasks, the stories of mails and figures to people with a browser.",
		 .checked = "configuration and database",
		 .signals =
		     "SIGTERM stops after the requests in hand, SIGHUP reads the log level again."},
	    .reloadable = "log level",
	    .settings_size = sizeof(struct console_settings),
	    .read = read_settings,
	    .clear = clear_settings,
	    .check = console_service_check,
	    .open = console_service_open,
	    .serve = console_service_serve,
	    .reload = console_service_reload,
	    .close = console_service_close,
	};

	mime_init();
	return daemon_main(&program, argc, argv);
}
