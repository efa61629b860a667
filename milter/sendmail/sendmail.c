/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Faults of its filters, what its other lines make of a bounce, and what it says itself.
 */
#include "milter/sendmail/sendmail.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/pid_file.h"
#include "daemon/check.h"
#include "milter/sendmail/cf.h"
#include "milter/sendmail/filters.h"
#include "milter/sendmail/program.h"

static const char what[] = "Sendmail";

/* Another filter that is away, for which mail is not let pass: F=T puts it off, F=R refuses it. */
static void warn_of_other_filters(char *const *lines, const struct milter_settings *settings)
{
	const char *asked = cf_value(lines, FILTERS_ASKED);

	for (; asked && *lines; lines++) {
		if (**lines != 'X')
			continue;
		g_autofree char *name = g_strndup(*lines + 1, strcspn(*lines + 1, ", \t"));
		g_autofree char *socket = cf_field(*lines + 1, 'S');
		g_autofree char *flags = cf_field(*lines + 1, 'F');
		const char *path = strchr(socket, '/');

		if (!filters_list_has(asked, name) || filters_socket_is_ours(socket, settings) ||
		    g_str_has_prefix(socket, "inet") || !path || access(path, F_OK) == 0 ||
		    errno != ENOENT || !strpbrk(flags, "RT4"))
			continue;
		g_autofree char *text =
		    g_strdup_printf("the socket of another filter, %s, is not there, so all mail "
				    "is %s, bounces too; start that filter, or take it out of "
				    "sendmail.mc",
				    name, strchr(flags, 'R') ? "refused" : "put off");
		check_warning(what, text);
	}
}

/* Those that Sendmail makes itself meet no filter. */
static void warn_of_own_reports(const char *cf)
{
	if (!strstr(cf, "bouncectl intake") && !strstr(cf, "bounce-fetch"))
		check_warning(what, "its own reports do not reach us: sendmail.cf has neither the "
				    "mailer of bounce-milter.mc nor that of bounce-fetch.mc");
}

bool sendmail_is_loopback_only(const char *cf)
{
	g_auto(GStrv) lines = cf_lines(cf);
	guint ports = 0;

	for (char **line = lines; *line; line++) {
		const char *options = cf_public_port(*line);
		g_autofree char *address = options ? cf_port_option(options, 'A') : NULL;

		if (options && !(address && (g_str_has_prefix(address, "127.") ||
					     g_str_has_suffix(address, "::1") ||
					     strcmp(address, "localhost") == 0)))
			return false;
		ports += options ? 1 : 0;
	}
	return ports > 0;
}

bool sendmail_is_running(const char *path)
{
	g_autofree char *cf = NULL;

	if (!g_file_get_contents(path, &cf, NULL, NULL))
		return false;
	g_auto(GStrv) lines = cf_lines(cf);
	const char *file = cf_value(lines, "O PidFile=");

	if (file)
		return pid_file_has_process(file);
	/* where Debian's writes it, and others */
	return pid_file_has_process("/run/sendmail/mta/sendmail.pid") ||
	       pid_file_has_process("/run/sendmail.pid");
}

bool sendmail_check(const char *path, const struct milter_settings *settings,
		    const char *const *addresses)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *cf = NULL;

	if (!g_file_get_contents(path, &cf, NULL, &error))
		return check_fault(what, error->message);
	g_autoptr(GPtrArray) faults = filters_faults(cf, settings);
	for (guint i = 0; i < faults->len; i++) {
		g_autofree char *text =
		    g_strdup_printf("%s: %s", path, (const char *)faults->pdata[i]);

		check_fault(what, text);
	}
	g_auto(GStrv) lines = cf_lines(cf);
	warn_of_other_filters(lines, settings);
	warn_of_own_reports(cf);
	if (sendmail_is_loopback_only(cf))
		check_warning(what, "DaemonPortOptions have Addr=127.0.0.1: no other mail system "
				    "can bring us a bounce; in sendmail.mc, take Addr= out of "
				    "DAEMON_OPTIONS, unless that is intended");
	return program_check(path, addresses) && faults->len == 0 &&
	       check_result(what, NULL,
			    "hands us what comes over SMTP, and keeps it while we are "
			    "away");
}
