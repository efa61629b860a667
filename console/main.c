/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-console: what it does in the life of a daemon.
 */
#include "classifier/mime/mime.h"
#include "console/console_service.h"
#include "console/settings.h"
#include "daemon/daemon.h"

static const char usage[] =
    "usage: bounce-console [-c FILE] [-d] [--check]\n"
    "\n"
    "Shows tasks, the stories of mails and figures to people with a browser.\n"
    "\n"
    "  -c, --config FILE   configuration\n"
    "                      (default: " BM_SYSCONFDIR "/bounce-milter/bounce-console.conf)\n"
    "  -d, --daemon        go to the background; without it, stay in the foreground\n"
    "      --check         say what is wrong with configuration and database, and end\n"
    "  -V, --version\n"
    "  -h, --help\n"
    "\n"
    "Signals: SIGTERM stops after the requests in hand, SIGHUP reads the log level again.\n"
    "Exit status: 0 stopped; 1 a fault that is logged; 64 wrong usage; 78 a fault of the\n"
    "configuration.\n";

DAEMON_SETTINGS(console)

int main(int argc, char **argv)
{
	static const struct daemon_program program = {
	    .name = "bounce-console",
	    .usage = usage,
	    .config = BM_SYSCONFDIR "/bounce-milter/bounce-console.conf",
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
