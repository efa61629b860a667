/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread that speaks once unless the answer is there before.
 */
#include "ctl/framework/patience.h"

#include <stdio.h>
#include <unistd.h>

enum { SILENCE = 3 * G_USEC_PER_SEC };

struct patience {
	GAsyncQueue *answered;
	GThread *thread;
};

static void *patience_main(void *data)
{
	const struct patience *patience = data;

	if (!g_async_queue_timeout_pop(patience->answered, SILENCE))
		fputs("Still at work. Ctrl-C ends it, and what the database has not finished by "
		      "then is undone.\n",
		      stderr);
	return NULL;
}

struct patience *patience_begin(void)
{
	if (!isatty(STDERR_FILENO))
		return NULL;
	struct patience *patience = g_new0(struct patience, 1);
	patience->answered = g_async_queue_new();
	patience->thread = g_thread_new("patience", patience_main, patience);
	return patience;
}

void patience_end(struct patience *patience)
{
	if (!patience)
		return;
	g_async_queue_push(patience->answered, GINT_TO_POINTER(1));
	g_thread_join(patience->thread);
	g_async_queue_unref(patience->answered);
	g_free(patience);
}
