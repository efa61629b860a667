/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The watchdog gives signs of life as long as the service works, and only then.
 */
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/watchdog.h"

static gint questions; /* atomic */

static bool works_twice(void *service)
{
	return g_atomic_int_add(&questions, 1) < *(const gint *)service;
}

static int open_manager(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	g_assert_cmpint(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address),
			==, 0);
	return fd;
}

static unsigned signs_of_life(int manager)
{
	char message[64] = "";
	unsigned count = 0;

	for (; recv(manager, message, sizeof message, MSG_DONTWAIT) > 0; count++)
		g_assert_true(g_str_has_prefix(message, "WATCHDOG=1"));
	return count;
}

static void test_stuck(void)
{
	g_autofree char *dir = g_dir_make_tmp("watchdog-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "notify", NULL);
	gint good = 2;
	const struct watchdog_question question = {works_twice, &good};
	int manager = open_manager(path);

	g_setenv("NOTIFY_SOCKET", path, TRUE);
	g_setenv("WATCHDOG_USEC", "3000", TRUE);
	struct watchdog *watchdog = watchdog_start(&question);
	while (g_atomic_int_get(&questions) < 20)
		g_usleep(1000);
	watchdog_stop(watchdog);
	g_assert_cmpuint(signs_of_life(manager), ==, 2);
	close(manager);
	unlink(path);
	rmdir(dir);
}

static void test_not_expected(void)
{
	const struct watchdog_question question = {0};

	g_unsetenv("WATCHDOG_USEC");
	g_assert_null(watchdog_start(&question));
	g_setenv("WATCHDOG_USEC", "3000", TRUE);
	g_setenv("WATCHDOG_PID", "1", TRUE);
	g_assert_null(watchdog_start(&question));
	g_unsetenv("WATCHDOG_PID");
	watchdog_stop(NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_open("test", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	g_test_add_func("/watchdog/not-expected", test_not_expected);
	g_test_add_func("/watchdog/stuck", test_stuck);
	return g_test_run();
}
