/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A process waits as root at one end of a socket pair. For each connection it makes a child that
 * becomes the other account and ends with the answer. The command was fixed before we gave our
 * rights away, so that whoever we are afterwards can only choose what it reads.
 */
#include "daemon/privileged_helper.h"

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

enum { OUTPUT_MAX = 64 * 1024 }; /* bytes, which one message of a socket pair holds */

struct question {
	bool is_command; /* input is for it; otherwise who is to connect where */
	char input[PRIVILEGED_HELPER_INPUT_MAX]; /* ends with a NUL */
	char account[64];
	char root[1024];
	char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
};

static int helper_fd = -1;
static const char *const *the_command; /* NULL: none */

/* --- the process that is root ----------------------------------------------------------------- */

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
		return PRIVILEGED_HELPER_NOBODY;
	return WEXITSTATUS(status);
}

/* What it says of errors comes in between. Heap; "" if there is none, or it cannot be run. */
static char *output_of(const char *input)
{
	static const char script[] = "i=$1; shift; printf %s \"$i\" | \"$@\" 2>&1";
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	char *output = NULL;

	if (!the_command)
		return g_strdup("");
	g_strv_builder_add_many(builder, "/bin/sh", "-c", script, "sh", input, NULL);
	g_strv_builder_addv(builder, (const char **)the_command);
	g_auto(GStrv) words = g_strv_builder_end(builder);
	if (!g_spawn_sync("/", words, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, NULL, NULL))
		return g_strdup("");
	return output;
}

static bool answer(int fd, const struct question *question)
{
	if (question->is_command) {
		g_autofree char *output = output_of(question->input);
		size_t len = MIN(strlen(output), OUTPUT_MAX - 1) + 1;

		output[len - 1] = '\0';
		return send(fd, output, len, MSG_NOSIGNAL) == (ssize_t)len;
	}
	int why = ask_child(question);
	return send(fd, &why, sizeof why, MSG_NOSIGNAL) == (ssize_t)sizeof why;
}

/* Until the other end is closed. */
static void answer_questions(int fd)
{
	struct question question;

	while (recv(fd, &question, sizeof question, 0) == (ssize_t)sizeof question)
		if (!answer(fd, &question))
			break;
	_exit(EXIT_SUCCESS);
}

/* --- who asks it ------------------------------------------------------------------------------ */

void privileged_helper_start(const char *const *command)
{
	int ends[2];

	the_command = command;
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

static ssize_t ask(const struct question *question, void *answer_out, size_t size)
{
	if (helper_fd < 0 ||
	    send(helper_fd, question, sizeof *question, MSG_NOSIGNAL) != (ssize_t)sizeof *question)
		return -1;
	return recv(helper_fd, answer_out, size, 0);
}

int privileged_helper_connect(const char *account, const char *root, const char *path)
{
	struct question question = {.account = ""};
	int why;

	if (g_strlcpy(question.account, account, sizeof question.account) >=
		sizeof question.account ||
	    g_strlcpy(question.root, root, sizeof question.root) >= sizeof question.root ||
	    g_strlcpy(question.path, path, sizeof question.path) >= sizeof question.path ||
	    ask(&question, &why, sizeof why) != (ssize_t)sizeof why)
		return PRIVILEGED_HELPER_NOBODY;
	return why;
}

char *privileged_helper_run(const char *input)
{
	struct question question = {.is_command = true};
	g_autofree char *output = g_malloc(OUTPUT_MAX);

	if (g_strlcpy(question.input, input, sizeof question.input) >= sizeof question.input ||
	    ask(&question, output, OUTPUT_MAX) <= 0)
		return output_of(input);
	return g_steal_pointer(&output);
}
