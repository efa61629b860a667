/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The clients that are connected, and how long each keeps us waiting: a request must be complete,
 * and an answer taken, in bounded time, however slowly the bytes trickle. When all places are
 * taken, the client that has kept us waiting longest is disconnected.
 */
#ifndef CONSOLE_HTTP_DEADLINES_H
#define CONSOLE_HTTP_DEADLINES_H

#include <glib.h>

struct deadlines;
struct client;

struct deadlines *deadlines_new(unsigned clients_max, unsigned seconds);
void deadlines_free(struct deadlines *deadlines); /* when nobody is connected any more */

/* A client has connected, with that file descriptor; and it is gone, before that is closed. */
struct client *deadlines_enter(struct deadlines *deadlines, int fd);
void deadlines_leave(struct deadlines *deadlines, struct client *client);

/* From now on the client waits for us; and: it has an answer to take, or a request to send. */
void deadlines_suspend(struct deadlines *deadlines, struct client *client);
void deadlines_resume(struct deadlines *deadlines, struct client *client);

/* Disconnects those whose time is over. To be called every second or so. */
void deadlines_enforce(struct deadlines *deadlines);

#endif
