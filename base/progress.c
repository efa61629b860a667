/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A line that is rewritten in place, and pending signals.
 */
#include "base/progress.h"

#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { INTERVAL = G_USEC_PER_SEC / 5 };

void progress_step(struct progress *progress, const char *what, size_t done, size_t total)
{
	gint64 now = g_get_monotonic_time();

	if (now < progress->next || !isatty(STDERR_FILENO))
		return;
	progress->next = now + INTERVAL;
	progress->is_shown = true;
	fprintf(stderr, "\r%s: %zu", what, done);
	if (total > 0)
		fprintf(stderr, " of %zu", total);
	fputs("\033[K", stderr);
}

void progress_clear(struct progress *progress)
{
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
	progress->is_shown = false;
}

static void stop_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
}

void progress_block_signals(void)
{
	sigset_t signals;

	stop_signals(&signals);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

int progress_signal_fd(void)
{
	sigset_t signals;

	stop_signals(&signals);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool progress_is_interrupted(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}
