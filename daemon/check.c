/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lines of --check.
 */
#include "daemon/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/printable_text.h"
#include "db/conninfo.h"
#include "db/server.h"

/* What is wrong is said by servers, too. */
static void print_line(const char *verdict, const char *what, const char *text)
{
	g_autofree char *clean = printable_text_clean(text, true, PRINTABLE_TEXT_KEEP_LINES);

	printf("%-8s %-14s %s\n", verdict, what, clean);
}

bool check_result(const char *what, const GError *error, const char *good)
{
	print_line(error ? "FAULT" : "ok", what, error ? error->message : good);
	return !error;
}

bool check_fault(const char *what, const char *text)
{
	print_line("FAULT", what, text);
	return false;
}

bool check_faultf(const char *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	return check_fault(what, text);
}

void check_warning(const char *what, const char *text)
{
	print_line("warning", what, text);
}

bool check_with_objection(const char *what, const char *objection, const GError *error,
			  const char *good)
{
	if (objection)
		check_warning(what, objection);
	return check_result(what, error, good);
}

/* What to do about it; "" where the message says so itself. */
static const char *database_advice(const GError *error)
{
	if (strstr(error->message, "bouncectl") || strstr(error->message, "read-only"))
		return "";
	return "; conninfo names server, database and role: \"bouncectl db create\" makes the role "
	       "with its rights, and the server's pg_hba.conf and pg_ident.conf say who may log in "
	       "as it";
}

bool check_database(const GError *error)
{
	g_autofree char *text =
	    error ? g_strconcat(error->message, database_advice(error), NULL) : NULL;

	if (text)
		return check_fault("database", text);
	return check_result("database", NULL,
			    "reached, and its schema is the one this program knows");
}

/* Times that mails, tasks and leases have are the database's; those of the log are ours. */
static void check_clock(const char *conninfo)
{
	enum { TOLERATED = 60 };
	gint64 lead = 0;

	if (!server_clock_lead(conninfo, &lead, NULL) || ABS(lead) <= TOLERATED)
		return;
	g_autofree char *text = g_strdup_printf(
	    "this machine's clock is %" G_GINT64_FORMAT " s %s the database's: what the log says "
	    "does not fit the times of tasks and bounces, and certificates may count as expired; "
	    "let both follow one source (timedatectl shows it)",
	    ABS(lead), lead > 0 ? "behind" : "ahead of");
	check_warning("clock", text);
}

/* Nothing is lost without them: what has no partition goes into a default one, and is moved. */
static void check_months(const char *conninfo)
{
	gint64 missing = 0;

	if (!server_missing_months(conninfo, &missing, NULL) || missing == 0)
		return;
	g_autofree char *text = g_strdup_printf(
	    "%" G_GINT64_FORMAT " partitions of this month and the next are not there, so nobody "
	    "keeps house: recording slows down, and nothing old is erased; enable "
	    "bounce-milter-housekeeping.timer, or let cron call \"bouncectl housekeeping\" each "
	    "hour",
	    missing);
	check_warning("database", text);
}

static void check_frailty(const char *conninfo)
{
	gint64 off = 0;

	if (server_frail_settings(conninfo, &off, NULL) && off > 0)
		check_warning("database", "fsync or full_page_writes is off: when the machine of "
					  "the database crashes, bounces that were taken are lost, "
					  "and perhaps all the rest; set both to on");
}

void check_server_state(const char *conninfo)
{
	check_clock(conninfo);
	check_months(conninfo);
	check_frailty(conninfo);
}

/* A connection that we have closed counts for the server until its process is gone. */
static bool ask_room(const char *conninfo, gint64 *room_out, GError **error)
{
	enum { TRIES = 20, PAUSE = G_USEC_PER_SEC / 10 };

	for (unsigned i = 1; i < TRIES; i++) {
		if (server_room(conninfo, room_out, NULL))
			return true;
		g_usleep(PAUSE);
	}
	return server_room(conninfo, room_out, error);
}

bool check_room(const char *conninfo, long connections, const char *key)
{
	g_autoptr(GError) error = NULL;
	gint64 room = 0;

	if (!ask_room(conninfo, &room, &error))
		return check_database(error);
	if (room >= connections)
		return true;
	g_autofree char *text = g_strdup_printf(
	    "the server lets us have %" G_GINT64_FORMAT " connections and we need %ld, so that on "
	    "a busy day some work is put off; lower %s, or raise the limit: ALTER ROLE or ALTER "
	    "DATABASE ... CONNECTION LIMIT, max_connections",
	    room, connections, key);
	return check_fault("database", text);
}

void check_hosts(const char *conninfo)
{
	g_autofree char *fault = conninfo_hosts_fault(conninfo);

	if (fault)
		check_warning("database", fault);
}

/* A service manager makes the folder of /run when it starts the service. */
static bool check_pid_file(const char *path)
{
	static const char what[] = "pid_file";
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *parent = g_path_get_dirname(dir);

	if (*path == '\0')
		return true;
	bool is_there = access(path, F_OK) == 0;
	if (access(is_there ? path : dir, is_there ? W_OK : W_OK | X_OK) == 0)
		return check_result(what, NULL, path);
	int cause = errno;
	g_autofree char *text = g_strdup_printf(
	    "%s: %s; name a file in a directory that belongs to user", path, g_strerror(cause));
	if (cause != ENOENT || !g_str_equal(parent, "/run"))
		return check_fault(what, text);
	check_warning(what, text);
	return true;
}

static bool may_others(const char *path, mode_t rights)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       (status.st_mode & rights) != 0;
}

static bool check_passwords(const struct daemon_settings *settings, const char *config)
{
	static const char what[] = "password";
	g_autofree char *file = conninfo_password_file(settings->conninfo);
	bool is_good = true;

	if (conninfo_has_password(settings->conninfo) && may_others(config, S_IRWXO)) {
		g_autofree char *text = g_strdup_printf(
		    "conninfo: everybody may read the password in %s: chmod 640, or move it to %s",
		    config, file);
		is_good = check_fault(what, text);
	}
	if (may_others(file, S_IRWXG | S_IRWXO)) {
		g_autofree char *text =
		    g_strdup_printf("%s: others may read it, so libpq does not: chmod 600", file);
		is_good = check_fault(what, text);
	}
	return is_good;
}

bool check_files(const struct daemon_settings *settings, const char *config)
{
	bool pid_file = check_pid_file(settings->pid_file);
	bool passwords = check_passwords(settings, config);

	check_result("configuration", NULL, config);
	return pid_file && passwords;
}
