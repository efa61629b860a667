/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-fetch: what it does in the life of a daemon.
 */
#include "classifier/mime/mime.h"
#include "daemon/daemon.h"
#include "fetch/check.h"
#include "fetch/service.h"
#include "fetch/settings.h"

DAEMON_SETTINGS(fetch)

int main(int argc, char **argv)
{
	static const struct daemon_program program = {
	    .name = "bounce-fetch",
	    .help = {.purpose = "Reads bounces from mailboxes at a provider, by IMAP or POP3, and "
				"records them.",
		     .checked = "configuration, rules, database and mailboxes",
		     .once = "read what is in the mailboxes now",
		     .signals = "SIGTERM stops after the mails in hand, SIGHUP reads the rules and "
				"the log level "
				"again and tries at once what waits."},
	    .reloadable = "rules and log level",
	    .settings_size = sizeof(struct fetch_settings),
	    .read = read_settings,
	    .clear = clear_settings,
	    .check = fetch_check,
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
