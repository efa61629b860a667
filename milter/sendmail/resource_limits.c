/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Held against the machine as it is now.
 */
#include "milter/sendmail/resource_limits.h"

#include <stdlib.h>
#include <sys/statvfs.h>

#include <glib.h>

#include "daemon/check.h"
#include "milter/sendmail/sendmail_cf.h"

static const char what[] = "Sendmail";

enum {
	RESOURCE_LIMITS_LOW = 3, /* which a short burst of work reaches */
	THROTTLE_LOW = 3,        /* which one mail system with many bounces reaches */
	CHILDREN_LOW = 5,        /* which as many slow clients keep busy */
};

/* 0 where it is not set. */
static guint64 number_of(char *const *lines, const char *option)
{
	const char *value = sendmail_cf_value(lines, option);

	return value ? g_ascii_strtoull(value, NULL, 10) : 0;
}

/* In blocks of the file system, as Sendmail counts them. */
static bool check_free_blocks(char *const *lines)
{
	const char *queue = sendmail_cf_value(lines, "O QueueDirectory=");
	guint64 wanted = number_of(lines, "O MinFreeBlocks=");
	struct statvfs status;

	if (wanted == 0 || !queue || statvfs(queue, &status) != 0 || status.f_bavail >= wanted)
		return true;
	g_autofree char *text = g_strdup_printf(
	    "%s has %" G_GUINT64_FORMAT " blocks left, so all mail is put off: MinFreeBlocks wants "
	    "%" G_GUINT64_FORMAT "; make room, or in sendmail.mc, define(`confMIN_FREE_BLOCKS', "
	    "`100')",
	    queue, (guint64)status.f_bavail, wanted);
	return check_fault(what, text);
}

static void warn_of_load(char *const *lines)
{
	guint64 limit = number_of(lines, "O RefuseLA=");
	double load = 0;

	if (limit == 0 ||
	    (getloadavg(&load, 1) == 1 && load < (double)limit && limit > RESOURCE_LIMITS_LOW))
		return;
	g_autofree char *text = g_strdup_printf(
	    "it refuses every client while the load is %" G_GUINT64_FORMAT
	    " or more (RefuseLA), and it is %.1f now; in sendmail.mc, define(`confREFUSE_LA', "
	    "`12') or more",
	    limit, load);
	check_warning(what, text);
}

static void warn_of_children(char *const *lines)
{
	guint64 limit = number_of(lines, "O MaxDaemonChildren=");

	if (limit == 0 || limit > CHILDREN_LOW)
		return;
	g_autofree char *text =
	    g_strdup_printf("it refuses every client while %" G_GUINT64_FORMAT
			    " are connected or a queue run lasts (MaxDaemonChildren); in "
			    "sendmail.mc, take confMAX_DAEMON_CHILDREN away, or write more",
			    limit);
	check_warning(what, text);
}

/* Those beyond it wait until the next second. */
static void warn_of_throttle(char *const *lines)
{
	guint64 limit = number_of(lines, "O ConnectionRateThrottle=");

	if (limit == 0 || limit > THROTTLE_LOW)
		return;
	g_autofree char *text = g_strdup_printf(
	    "it lets %" G_GUINT64_FORMAT
	    " clients in a second connect, and all others wait (ConnectionRateThrottle); in "
	    "sendmail.mc, take confCONNECTION_RATE_THROTTLE away, or write more",
	    limit);
	check_warning(what, text);
}

bool resource_limits_check(char *const *lines)
{
	warn_of_load(lines);
	warn_of_children(lines);
	warn_of_throttle(lines);
	return check_free_blocks(lines);
}
