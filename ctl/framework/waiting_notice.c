/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread that speaks once unless the answer is there before.
 */
#include "ctl/framework/waiting_notice.h"

#include <stdio.h>
#include <unistd.h>

enum { SILENCE = 3 * G_USEC_PER_SEC };

struct waiting_notice {
	GAsyncQueue *answered;
	GThread *thread;
};

static void *waiting_notice_main(void *data)
{
	const struct waiting_notice *notice = data;

	if (!g_async_queue_timeout_pop(notice->answered, SILENCE))
		fputs("Still at work. Ctrl-C ends it, and what the database has not finished by "
		      "then is undone.\n",
		      stderr);
	return NULL;
}

struct waiting_notice *waiting_notice_begin(void)
{
	if (!isatty(STDERR_FILENO))
		return NULL;
	struct waiting_notice *notice = g_new0(struct waiting_notice, 1);
	notice->answered = g_async_queue_new();
	notice->thread = g_thread_new("notice", waiting_notice_main, notice);
	return notice;
}

void waiting_notice_end(struct waiting_notice *notice)
{
	if (!notice)
		return;
	g_async_queue_push(notice->answered, GINT_TO_POINTER(1));
	g_thread_join(notice->thread);
	g_async_queue_unref(notice->answered);
	g_free(notice);
}
