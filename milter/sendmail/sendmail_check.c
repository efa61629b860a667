/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Faults of its filters, what its other lines make of a bounce, and what it says itself.
 */
#include "milter/sendmail/sendmail_check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/pid_file.h"
#include "daemon/check.h"
#include "milter/sendmail/address_test.h"
#include "milter/sendmail/input_filters.h"
#include "milter/sendmail/mailer.h"
#include "milter/sendmail/resource_limits.h"
#include "milter/sendmail/sendmail_cf.h"
#include "milter/sendmail/stale_files.h"

static const char what[] = "Sendmail";

/* Another filter that is away, for which mail is not let pass: F=T puts it off, F=R refuses it. */
static void warn_of_other_filters(char *const *lines, const struct milter_settings *settings)
{
	const char *asked = sendmail_cf_value(lines, INPUT_FILTERS_ASKED);

	for (; asked && *lines; lines++) {
		if (**lines != 'X')
			continue;
		g_autofree char *name = g_strndup(*lines + 1, strcspn(*lines + 1, ", \t"));
		g_autofree char *socket = sendmail_cf_field(*lines + 1, 'S');
		g_autofree char *flags = sendmail_cf_field(*lines + 1, 'F');
		const char *path = strchr(socket, '/');

		if (!input_filters_list_has(asked, name) ||
		    input_filters_socket_is_ours(socket, settings) ||
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

static bool is_loopback(const char *port_options)
{
	g_autofree char *address = sendmail_cf_port_option(port_options, 'A');

	return address && (g_str_has_prefix(address, "127.") || g_str_has_suffix(address, "::1") ||
			   strcmp(address, "localhost") == 0);
}

const char *sendmail_ports_warning(const char *cf)
{
	g_auto(GStrv) lines = sendmail_cf_lines(cf);
	guint ports = 0;
	guint public = 0;
	guint closed = 0;

	for (char **line = lines; *line; line++) {
		const char *options = sendmail_cf_public_port(*line);

		ports += sendmail_cf_port(*line) ? 1 : 0;
		public += options ? 1 : 0;
		closed += options && is_loopback(options) ? 1 : 0;
	}
	if (ports > 0 && public == 0)
		return "DaemonPortOptions have no port 25, where other mail systems bring their "
		       "bounces; in sendmail.mc, take Port= out of DAEMON_OPTIONS, unless that is "
		       "intended";
	if (public > 0 && closed == public)
		return "DaemonPortOptions have Addr=127.0.0.1: no other mail system can bring us a "
		       "bounce; in sendmail.mc, take Addr= out of DAEMON_OPTIONS, unless that is "
		       "intended";
	return NULL;
}

/* "USER:GROUP". */
static char *account_of(char *const *lines)
{
	const char *value = sendmail_cf_value(lines, "O RunAsUser=");
	char *account = value ? g_strndup(value, strcspn(value, ":. \t")) : g_strdup("");

	if (strcmp(account, "root") == 0 || strcmp(account, "0") == 0)
		*account = '\0';
	return account;
}

/* It can become no other account any more. */
static void warn_of_account(char *const *lines)
{
	g_autofree char *account = account_of(lines);
	const char *mailer = mailer_of_ours(lines);
	g_autofree char *wanted = mailer ? sendmail_cf_field(mailer + 1, 'U') : g_strdup("");

	wanted[strcspn(wanted, ":.")] = '\0';
	if (*account == '\0' || *wanted == '\0' || strcmp(account, wanted) == 0)
		return;
	g_autofree char *text = g_strdup_printf(
	    "RunAsUser = %s: it runs our mailer as that account, not as %s, so the database knows "
	    "nobody who brings its own reports; in sendmail.mc, take confRUN_AS_USER away, or let "
	    "bounce-fetch take them by LMTP",
	    account, wanted);
	check_warning(what, text);
}

static pid_t process_of(char *const *lines)
{
	const char *file = sendmail_cf_value(lines, "O PidFile=");

	if (file)
		return pid_file_process(file);
	/* where Debian's writes it, and others */
	pid_t pid = pid_file_process("/run/sendmail/mta/sendmail.pid");
	return pid != 0 ? pid : pid_file_process("/run/sendmail.pid");
}

pid_t sendmail_process(const char *path)
{
	g_autofree char *cf = NULL;

	if (!g_file_get_contents(path, &cf, NULL, NULL))
		return 0;
	g_auto(GStrv) lines = sendmail_cf_lines(cf);
	return process_of(lines);
}

char *sendmail_account(const char *path)
{
	g_autofree char *cf = NULL;

	if (!g_file_get_contents(path, &cf, NULL, NULL))
		return g_strdup("");
	g_auto(GStrv) lines = sendmail_cf_lines(cf);
	return account_of(lines);
}

bool sendmail_check(const char *path, const struct milter_settings *settings,
		    const char *const *addresses)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *cf = NULL;

	if (!g_file_get_contents(path, &cf, NULL, &error))
		return check_fault(what, error->message);
	g_autoptr(GPtrArray) faults = input_filters_faults(cf, settings);
	for (guint i = 0; i < faults->len; i++) {
		g_autofree char *text =
		    g_strdup_printf("%s: %s", path, (const char *)faults->pdata[i]);

		check_fault(what, text);
	}
	g_auto(GStrv) lines = sendmail_cf_lines(cf);
	warn_of_other_filters(lines, settings);
	warn_of_own_reports(cf);
	const char *ports = sendmail_ports_warning(cf);
	if (ports)
		check_warning(what, ports);
	warn_of_account(lines);
	stale_files_check(path, lines, process_of(lines));
	bool has_room = resource_limits_check(lines);
	return address_test_check(path, lines, addresses) && has_room && faults->len == 0 &&
	       check_result(what, NULL,
			    "hands us what comes over SMTP, and keeps it while we are "
			    "away");
}
