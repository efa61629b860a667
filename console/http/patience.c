/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A queue of those who keep us waiting, the longest first. Cutting is shutdown(2), which the server
 * sees as the end of the connection: it alone closes.
 */
#include "console/http/patience.h"

#include <stdbool.h>
#include <sys/socket.h>

struct guest {
	int fd;
	gint64 since;
	bool is_cut;
	GList link; /* in the queue, unless we keep him waiting */
	bool is_queued;
};

struct patience {
	GMutex lock;
	GQueue waiting; /* of struct guest */
	unsigned guests;
	unsigned guests_max;
	gint64 time; /* microseconds */
};

struct patience *patience_new(unsigned guests_max, unsigned seconds)
{
	struct patience *patience = g_new0(struct patience, 1);

	g_mutex_init(&patience->lock);
	g_queue_init(&patience->waiting);
	patience->guests_max = guests_max;
	patience->time = (gint64)seconds * G_USEC_PER_SEC;
	return patience;
}

void patience_free(struct patience *patience)
{
	if (!patience)
		return;
	g_mutex_clear(&patience->lock);
	g_free(patience);
}

static void cut_guest(struct guest *guest)
{
	if (!guest->is_cut)
		shutdown(guest->fd, SHUT_RDWR);
	guest->is_cut = true;
}

static void queue(struct patience *patience, struct guest *guest)
{
	if (guest->is_queued)
		g_queue_unlink(&patience->waiting, &guest->link);
	guest->since = g_get_monotonic_time();
	guest->link.data = guest;
	guest->is_queued = true;
	g_queue_push_tail_link(&patience->waiting, &guest->link);
}

static void unqueue(struct patience *patience, struct guest *guest)
{
	if (guest->is_queued)
		g_queue_unlink(&patience->waiting, &guest->link);
	guest->is_queued = false;
}

/* The one who has kept us waiting longest, and has not been cut already. */
static void cut_oldest(struct patience *patience)
{
	for (GList *link = patience->waiting.head; link; link = link->next) {
		struct guest *guest = link->data;

		if (guest->is_cut)
			continue;
		cut_guest(guest);
		return;
	}
}

struct guest *patience_enter(struct patience *patience, int fd)
{
	struct guest *guest = g_new0(struct guest, 1);

	guest->fd = fd;
	g_mutex_lock(&patience->lock);
	if (patience->guests >= patience->guests_max)
		cut_oldest(patience);
	patience->guests++;
	queue(patience, guest);
	g_mutex_unlock(&patience->lock);
	return guest;
}

void patience_leave(struct patience *patience, struct guest *guest)
{
	g_mutex_lock(&patience->lock);
	unqueue(patience, guest);
	patience->guests--;
	g_mutex_unlock(&patience->lock);
	g_free(guest);
}

void patience_suspend(struct patience *patience, struct guest *guest)
{
	g_mutex_lock(&patience->lock);
	unqueue(patience, guest);
	g_mutex_unlock(&patience->lock);
}

void patience_resume(struct patience *patience, struct guest *guest)
{
	g_mutex_lock(&patience->lock);
	queue(patience, guest);
	g_mutex_unlock(&patience->lock);
}

void patience_look(struct patience *patience)
{
	gint64 latest = g_get_monotonic_time() - patience->time;

	g_mutex_lock(&patience->lock);
	for (GList *link = patience->waiting.head; link; link = link->next) {
		struct guest *guest = link->data;

		if (guest->since > latest)
			break;
		cut_guest(guest);
	}
	g_mutex_unlock(&patience->lock);
}
