/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-fetch: what it does in the life of a daemon.
 */
#include "classifier/mime/mime.h"
#include "daemon/daemon.h"
#include "fetch/check.h"
#include "fetch/service.h"
#include "fetch/settings.h"

static const char usage[] =
    "usage: bounce-fetch [-c FILE] [-d] [--check | --once]\n"
    "\n"
    "Reads bounces from mailboxes at a provider, by IMAP or POP3, and records them.\n"
    "\n"
    "  -c, --config FILE   configuration\n"
    "                      (default: " BM_SYSCONFDIR "/bounce-milter/bounce-fetch.conf)\n"
    "  -d, --daemon        go to the background; without it, stay in the foreground\n"
    "      --check         say what is wrong with configuration, rules, database and\n"
    "                      mailboxes, and end\n"
    "      --once          read what is in the mailboxes now, and end\n"
    "  -V, --version\n"
    "  -h, --help\n"
    "\n"
    "Signals: SIGTERM stops after the mails in hand, SIGHUP reads the rules and the log level\n"
    "again and tries at once what waits.\n"
    "Exit status: 0 stopped, or all was read; 1 a fault that is logged; 64 wrong usage;\n"
    "75 --once: something stays for the next time; 78 a fault of the configuration.\n";

DAEMON_SETTINGS(fetch)

static bool check_fetch(const void *settings)
{
	return fetch_check(settings);
}

int main(int argc, char **argv)
{
	static const struct daemon_program program = {
	    .name = "bounce-fetch",
	    .usage = usage,
	    .config = BM_SYSCONFDIR "/bounce-milter/bounce-fetch.conf",
	    .reloadable = "rules and log level",
	    .settings_size = sizeof(struct fetch_settings),
	    .read = read_settings,
	    .clear = clear_settings,
	    .check = check_fetch,
	    .once = service_once,
	    .open = service_open,
	    .connect = service_connect,
	    .serve = service_serve,
	    .is_working = service_is_working,
	    .reload = service_reload,
	    .close = service_close,
	};

	mime_init();
	return daemon_main(&program, argc, argv);
}
