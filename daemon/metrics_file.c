/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/metrics_file.h"

#include <stdbool.h>

#include <glib/gstdio.h>

#include "base/log.h"
#include "base/replace_file.h"
#include "daemon/stop_flag.h"

enum {
	INTERVAL = 10, /* seconds between two files */
	FILE_MODE = 0644,
};

struct metrics_file {
	const char *path;
	void (*append)(GString *out, const void *data);
	const void *data;
	GThread *thread;
	struct stop_flag *stop;
};

/* was_written: whether it could be the last time. Returns whether it could be now. */
static bool write_metrics(const struct metrics_file *file, bool was_written)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	file->append(text, file->data);
	if (replace_file(file->path, text, FILE_MODE, &error))
		return true;
	if (was_written)
		log_event(LOG_LEVEL_WARNING, "", "metrics_file: not written: %s", error->message);
	return false;
}

static void *serve_metrics(void *data)
{
	const struct metrics_file *file = data;
	bool is_written = true;

	do
		is_written = write_metrics(file, is_written);
	while (!stop_flag_wait(file->stop, INTERVAL * G_USEC_PER_SEC));
	return NULL;
}

struct metrics_file *metrics_file_start(const char *path,
					void (*append)(GString *out, const void *data),
					const void *data)
{
	if (*path == '\0')
		return NULL;
	struct metrics_file *file = g_new0(struct metrics_file, 1);
	file->path = path;
	file->append = append;
	file->data = data;
	file->stop = stop_flag_new();
	file->thread = g_thread_new("figures", serve_metrics, file);
	return file;
}

void metrics_file_stop(struct metrics_file *file)
{
	if (!file)
		return;
	stop_flag_set(file->stop);
	g_thread_join(file->thread);
	stop_flag_free(file->stop);
	g_unlink(file->path);
	g_free(file);
}
