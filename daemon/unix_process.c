/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Identity, pid file, background, signals.
 */
#include "daemon/unix_process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

enum {
	PREDECESSOR_WAIT = 10, /* seconds: libmilter takes up to five to end */
	PREDECESSOR_PAUSE_MS = 20,
};

/* The end of a pipe to the parent that waits; -1: nobody does. */
static atomic_int ready_fd = -1;

static bool fail_process(GError **error, const char *what, const char *object)
{
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s \"%s\": %s", what, object,
		    g_strerror(errno));
	return false;
}

bool unix_process_drop_privileges(const char *user, GError **error)
{
	if (geteuid() == 0 && *user == '\0') {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    "user: must be set when started by root");
		return false;
	}
	if (*user == '\0')
		return true;
	errno = 0;
	const struct passwd *account = getpwnam(user); /* before the first thread */
	if (!account) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "user: there is no account \"%s\"",
			    user);
		return false;
	}
	if (account->pw_uid != 0 && account->pw_uid == geteuid())
		return true;
	if (geteuid() != 0) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "user: only root can become \"%s\"",
			    user);
		return false;
	}
	if (account->pw_uid == 0) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    "user: \"%s\" is root itself; name an unprivileged account", user);
		return false;
	}
	if (initgroups(user, account->pw_gid) != 0 || setgid(account->pw_gid) != 0 ||
	    setuid(account->pw_uid) != 0)
		return fail_process(error, "user: cannot become", user);
	return true;
}

/* Whether the file that was opened is still the one of that name. */
static bool is_same_file(int fd, const char *path)
{
	struct stat opened;
	struct stat named;

	return fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* The locked file; -1 with errno EWOULDBLOCK when another process has it, or had just now. */
static int open_locked(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_same_file(fd, path))
		return fd;
	close(fd);
	errno = EWOULDBLOCK;
	return -1;
}

/* A predecessor that was killed, or told to stop, has its file until its last thread is gone. */
static int wait_for_predecessor(const char *path)
{
	gint64 deadline = g_get_monotonic_time() + PREDECESSOR_WAIT * G_USEC_PER_SEC;
	int fd = open_locked(path);

	if (fd < 0 && errno == EWOULDBLOCK)
		log_event(LOG_LEVEL_INFO, "", "pid_file: %s is held, waiting for its process",
			  path);
	while (fd < 0 && errno == EWOULDBLOCK && g_get_monotonic_time() < deadline) {
		g_usleep(PREDECESSOR_PAUSE_MS * 1000);
		fd = open_locked(path);
	}
	return fd;
}

bool unix_process_pid_file_open(const char *path, int *fd_out, GError **error)
{
	char text[32];

	*fd_out = -1;
	if (*path == '\0')
		return true;
	int fd = wait_for_predecessor(path);
	if (fd < 0 && errno == EWOULDBLOCK) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    "pid_file: another process is running and holds %s", path);
		return false;
	}
	if (fd < 0)
		return fail_process(error, "pid_file: cannot write", path);
	int len = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) != 0 || write(fd, text, (size_t)len) != len) {
		fail_process(error, "pid_file: cannot write", path);
		close(fd);
		return false;
	}
	*fd_out = fd;
	return true;
}

void unix_process_pid_file_close(const char *path, int fd)
{
	if (fd < 0)
		return;
	if (is_same_file(fd, path)) /* ours may have been removed, and this is our successor's */
		unlink(path);
	close(fd);
}

/* The parent ends as the child does. */
static void wait_for_child(pid_t child, int fd)
{
	char byte;
	int status;

	if (read(fd, &byte, 1) == 1)
		_exit(EXIT_SUCCESS);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(EXIT_FAILURE);
}

bool unix_process_background(GError **error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail_process(error, "cannot make a pipe", "ready");
	pid_t child = fork();
	if (child < 0)
		return fail_process(error, "cannot fork", "daemon");
	if (child > 0) {
		close(ends[1]);
		wait_for_child(child, ends[0]);
	}
	close(ends[0]);
	setsid();
	if (chdir("/") != 0)
		return fail_process(error, "cannot go to", "/");
	ready_fd = ends[1];
	return true;
}

void unix_process_background_ready(void)
{
	int parent = atomic_exchange(&ready_fd, -1);

	if (parent < 0)
		return;
	ssize_t written = write(parent, "", 1);
	(void)written; /* the parent may have been killed */
	close(parent);

	int null = open("/dev/null", O_RDWR);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && null >= 0; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

static void stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
}

void unix_process_block_signals(void)
{
	sigset_t set;

	stop_signals(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void hand_signal_over(int number)
{
	(void)number;
	kill(getpid(), SIGUSR1);
}

void unix_process_take_hangups(void)
{
	/* SA_NODEFER: the signal stays deliverable here, so that no other thread gets it */
	const struct sigaction action = {.sa_handler = hand_signal_over,
					 .sa_flags = SA_RESTART | SA_NODEFER};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaction(SIGHUP, &action, NULL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void unix_process_set_home(void)
{
	const struct passwd *account = getpwuid(geteuid());

	if (account)
		g_setenv("HOME", account->pw_dir, TRUE);
	g_unsetenv("XDG_CONFIG_HOME");
}

void unix_process_raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit); /* otherwise the soft limit has to do */
}

bool unix_process_wait_for_stop(unsigned seconds)
{
	const struct timespec time = {.tv_sec = seconds};
	sigset_t set;

	stop_signals(&set);
	return sigtimedwait(&set, NULL, &time) > 0;
}

void unix_process_wait_until_stop(void)
{
	sigset_t set;
	int number;

	stop_signals(&set);
	while (sigwait(&set, &number) != 0)
		;
}
