/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A process waits as root at one end of a socket pair; for each question it makes a child that
 * becomes the other account and ends with the answer.
 */
#include "milter/outsider.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

struct question {
	char account[64];
	char root[1024];
	char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
};

static int helper_fd = -1;

/* The account is looked up while /etc is in sight. An errno, or 0. */
static int become(const struct question *question)
{
	const struct passwd *entry = getpwnam(question->account);

	if (!entry)
		return EINVAL;
	if (initgroups(question->account, entry->pw_gid) != 0 || chroot(question->root) != 0 ||
	    chdir("/") != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0)
		return errno;
	return 0;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) != 0)
		return errno;
	close(fd);
	return 0;
}

static int ask_child(const struct question *question)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		int why = become(question);

		_exit(why == 0 ? connect_to(question->path) : why);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return OUTSIDER_NOBODY;
	return WEXITSTATUS(status);
}

/* Until the other end is closed. */
static void answer_questions(int fd)
{
	struct question question;

	while (recv(fd, &question, sizeof question, 0) == (ssize_t)sizeof question) {
		int answer = ask_child(&question);

		if (send(fd, &answer, sizeof answer, MSG_NOSIGNAL) != (ssize_t)sizeof answer)
			break;
	}
	_exit(EXIT_SUCCESS);
}

void outsider_start(void)
{
	int ends[2];

	if (geteuid() != 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return;
	pid_t helper = fork();
	if (helper == 0) {
		close(ends[0]);
		answer_questions(ends[1]);
	}
	close(ends[1]);
	if (helper > 0)
		helper_fd = ends[0];
	else
		close(ends[0]);
}

int outsider_connect(const char *account, const char *root, const char *path)
{
	struct question question = {.account = ""};
	int answer = OUTSIDER_NOBODY;

	if (helper_fd < 0 ||
	    g_strlcpy(question.account, account, sizeof question.account) >=
		sizeof question.account ||
	    g_strlcpy(question.root, root, sizeof question.root) >= sizeof question.root ||
	    g_strlcpy(question.path, path, sizeof question.path) >= sizeof question.path)
		return OUTSIDER_NOBODY;
	if (send(helper_fd, &question, sizeof question, MSG_NOSIGNAL) != (ssize_t)sizeof question ||
	    recv(helper_fd, &answer, sizeof answer, 0) != (ssize_t)sizeof answer)
		return OUTSIDER_NOBODY;
	return answer;
}
