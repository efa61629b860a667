/* SPDX-License-Identifier: BSD-2-Clause
 *
 * 127.0.0.1 for tests that play a server: also where not even that is, as in the namespace that
 * "unshare --net" gives to a build.
 */
#ifndef TESTS_UNIT_LOOPBACK_H
#define TESTS_UNIT_LOOPBACK_H

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

static inline void loopback_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	g_assert_nonnull(file);
	g_assert_cmpint(fputs(text, file), >=, 0);
	g_assert_cmpint(fclose(file), ==, 0);
}

/* A network of our own; an ordinary user may have one together with the users in it. */
static inline void loopback_part(void)
{
	g_autofree char *users = g_strdup_printf("%u %u 1", getuid(), getuid());
	g_autofree char *groups = g_strdup_printf("%u %u 1", getgid(), getgid());

	if (unshare(CLONE_NEWNET) == 0)
		return;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		g_error("the interface lo is down: ip link set lo up");
	loopback_write("/proc/self/uid_map", users);
	loopback_write("/proc/self/setgroups", "deny");
	loopback_write("/proc/self/gid_map", groups);
}

/* Call it first: before any thread is started. */
static inline void loopback_have(void)
{
	struct ifreq lo = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool is_up = ioctl(fd, SIOCGIFFLAGS, &lo) == 0 && (lo.ifr_flags & IFF_UP) != 0;

	close(fd);
	if (is_up)
		return;
	loopback_part();
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	lo.ifr_flags = IFF_UP;
	g_assert_cmpint(ioctl(fd, SIOCSIFFLAGS, &lo), ==, 0);
	close(fd);
}

#endif
