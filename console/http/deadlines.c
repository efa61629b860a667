/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A queue of the clients that keep us waiting, the longest first. Cutting is shutdown(2), which the
 * server sees as the end of the connection: it alone closes.
 */
#include "console/http/deadlines.h"

#include <stdbool.h>
#include <sys/socket.h>

struct client {
	int fd;
	gint64 since;
	bool is_cut;
	GList link; /* in the queue, unless it waits for us */
	bool is_queued;
};

struct deadlines {
	GMutex lock;
	GQueue waiting; /* of struct client */
	unsigned clients;
	unsigned clients_max;
	gint64 time; /* microseconds */
};

struct deadlines *deadlines_new(unsigned clients_max, unsigned seconds)
{
	struct deadlines *deadlines = g_new0(struct deadlines, 1);

	g_mutex_init(&deadlines->lock);
	g_queue_init(&deadlines->waiting);
	deadlines->clients_max = clients_max;
	deadlines->time = (gint64)seconds * G_USEC_PER_SEC;
	return deadlines;
}

void deadlines_free(struct deadlines *deadlines)
{
	if (!deadlines)
		return;
	g_mutex_clear(&deadlines->lock);
	g_free(deadlines);
}

static void cut_client(struct client *client)
{
	if (!client->is_cut)
		shutdown(client->fd, SHUT_RDWR);
	client->is_cut = true;
}

static void queue(struct deadlines *deadlines, struct client *client)
{
	if (client->is_queued)
		g_queue_unlink(&deadlines->waiting, &client->link);
	client->since = g_get_monotonic_time();
	client->link.data = client;
	client->is_queued = true;
	g_queue_push_tail_link(&deadlines->waiting, &client->link);
}

static void unqueue(struct deadlines *deadlines, struct client *client)
{
	if (client->is_queued)
		g_queue_unlink(&deadlines->waiting, &client->link);
	client->is_queued = false;
}

/* The one that has kept us waiting longest, and has not been cut already. */
static void cut_oldest(struct deadlines *deadlines)
{
	for (GList *link = deadlines->waiting.head; link; link = link->next) {
		struct client *client = link->data;

		if (client->is_cut)
			continue;
		cut_client(client);
		return;
	}
}

struct client *deadlines_enter(struct deadlines *deadlines, int fd)
{
	struct client *client = g_new0(struct client, 1);

	client->fd = fd;
	g_mutex_lock(&deadlines->lock);
	if (deadlines->clients >= deadlines->clients_max)
		cut_oldest(deadlines);
	deadlines->clients++;
	queue(deadlines, client);
	g_mutex_unlock(&deadlines->lock);
	return client;
}

void deadlines_leave(struct deadlines *deadlines, struct client *client)
{
	g_mutex_lock(&deadlines->lock);
	unqueue(deadlines, client);
	deadlines->clients--;
	g_mutex_unlock(&deadlines->lock);
	g_free(client);
}

void deadlines_suspend(struct deadlines *deadlines, struct client *client)
{
	g_mutex_lock(&deadlines->lock);
	unqueue(deadlines, client);
	g_mutex_unlock(&deadlines->lock);
}

void deadlines_resume(struct deadlines *deadlines, struct client *client)
{
	g_mutex_lock(&deadlines->lock);
	queue(deadlines, client);
	g_mutex_unlock(&deadlines->lock);
}

void deadlines_enforce(struct deadlines *deadlines)
{
	gint64 latest = g_get_monotonic_time() - deadlines->time;

	g_mutex_lock(&deadlines->lock);
	for (GList *link = deadlines->waiting.head; link; link = link->next) {
		struct client *client = link->data;

		if (client->since > latest)
			break;
		cut_client(client);
	}
	g_mutex_unlock(&deadlines->lock);
}
