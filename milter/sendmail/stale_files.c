/* SPDX-License-Identifier: BSD-2-Clause
 *
 * "Kmailertable hash -o /etc/mail/mailertable.db" names a map, whose text lies beside it.
 */
#include "milter/sendmail/stale_files.h"

#include <string.h>
#include <sys/stat.h>

#include <glib.h>

#include "daemon/check.h"

static const char what[] = "Sendmail";

/* Whether the first was written after the second; false where one is missing. */
static bool is_newer(const char *first, const char *second)
{
	struct stat a;
	struct stat b;

	if (stat(first, &a) != 0 || stat(second, &b) != 0)
		return false;
	return a.st_mtim.tv_sec != b.st_mtim.tv_sec ? a.st_mtim.tv_sec > b.st_mtim.tv_sec
						    : a.st_mtim.tv_nsec > b.st_mtim.tv_nsec;
}

static void warn_of_source(const char *cf)
{
	g_autofree char *dir = g_path_get_dirname(cf);
	g_autofree char *source = g_build_filename(dir, "sendmail.mc", NULL);

	if (!is_newer(source, cf))
		return;
	g_autofree char *text =
	    g_strdup_printf("%s is newer than %s, so what was written there is not in force; "
			    "make -C %s, or sendmailconfig",
			    source, cf, dir);
	check_warning(what, text);
}

static void warn_of_process(const char *cf, pid_t pid)
{
	g_autofree char *process = g_strdup_printf("/proc/%d", (int)pid);

	if (pid == 0 || !is_newer(cf, process))
		return;
	g_autofree char *text = g_strdup_printf(
	    "%s was written after Sendmail was started, which does not know it; restart it", cf);
	check_warning(what, text);
}

static void warn_of_map(const char *line)
{
	g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);
	guint count = g_strv_length(words);
	const char *file = count > 2 ? words[count - 1] : "";

	if (*file != '/')
		return;
	g_autofree char *source = g_str_has_suffix(file, ".db")
				      ? g_strndup(file, strlen(file) - strlen(".db"))
				      : g_strdup(file);
	g_autofree char *map = g_strconcat(source, ".db", NULL);
	if (!is_newer(source, map))
		return;
	g_autofree char *text =
	    g_strdup_printf("%s is newer than %s, which is what Sendmail reads; makemap %s %s <%s",
			    source, map, words[1], source, source);
	check_warning(what, text);
}

void stale_files_check(const char *cf, char *const *lines, pid_t pid)
{
	warn_of_source(cf);
	warn_of_process(cf, pid);
	for (; *lines; lines++)
		if (**lines == 'K')
			warn_of_map(*lines);
}
