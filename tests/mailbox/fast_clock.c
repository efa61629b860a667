/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Preloaded into a program: its monotonic clock runs FAST_CLOCK_FACTOR times as fast, and a
 * poll(2) of more than a minute waits accordingly. What waits by other means or asks for the time
 * of day, as libpq does while it connects, sees no difference.
 */
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const long factor = FAST_CLOCK_FACTOR;
static const long second = 1000 * 1000 * 1000;
static const int minute = 60 * 1000; /* milliseconds */

static int read_clock(clockid_t clock, struct timespec *time_out)
{
	return (int)syscall(SYS_clock_gettime, clock, time_out);
}

int clock_gettime(clockid_t clock, struct timespec *time_out)
{
	int result = read_clock(clock, time_out);

	if (result != 0 || clock != CLOCK_MONOTONIC)
		return result;
	long nanoseconds = time_out->tv_nsec * factor;
	time_out->tv_sec = time_out->tv_sec * factor + nanoseconds / second;
	time_out->tv_nsec = nanoseconds % second;
	return 0;
}

int poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
	long nanoseconds = second / 1000 * milliseconds / (milliseconds > minute ? factor : 1);
	const struct timespec time = {nanoseconds / second, nanoseconds % second};

	return ppoll(fds, count, milliseconds < 0 ? NULL : &time, NULL);
}
