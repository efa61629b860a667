/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A timer of the thread's own (timer_create(2)): its signal goes to that thread
 * alone and does nothing but interrupt.
 */
#include "delivery/smtp/connect_timeout.h"

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id /* glibc before 2.39 names only the member of the union */
#define sigev_notify_thread_id _sigev_un._tid
#endif

static void do_nothing(int number)
{
	(void)number;
}

void connect_timeout_init(void)
{
	struct sigaction action = {.sa_handler =
				       do_nothing}; /* no SA_RESTART: it is to interrupt */

	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, NULL);
}

void connect_timeout_begin(struct connect_timeout *timeout, unsigned seconds)
{
	const struct itimerspec times = {.it_value.tv_sec = seconds, .it_interval.tv_sec = seconds};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};

	event.sigev_notify_thread_id = gettid();
	timeout->has_timer = timer_create(CLOCK_MONOTONIC, &event, &timeout->timer) == 0;
	if (timeout->has_timer)
		timer_settime(timeout->timer, 0, &times, NULL);
}

void connect_timeout_end(struct connect_timeout *timeout)
{
	if (timeout->has_timer)
		timer_delete(timeout->timer);
	timeout->has_timer = false;
}
