/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who is connected, and since when he keeps us waiting: a request must be complete, and an answer
 * taken, in bounded time, however slowly the bytes trickle. When all places are taken, the one who
 * has kept us waiting longest has to go.
 */
#ifndef CONSOLE_HTTP_PATIENCE_H
#define CONSOLE_HTTP_PATIENCE_H

#include <glib.h>

struct patience;
struct guest; /* one connection */

struct patience *patience_new(unsigned guests_max, unsigned seconds);
void patience_free(struct patience *patience); /* when nobody is connected any more */

/* He came, with that file descriptor; and he goes, before it is closed. */
struct guest *patience_enter(struct patience *patience, int fd);
void patience_leave(struct patience *patience, struct guest *guest);

/* From now on we keep him waiting; and: he has his answer to take, or his next request to send. */
void patience_suspend(struct patience *patience, struct guest *guest);
void patience_resume(struct patience *patience, struct guest *guest);

/* Cuts those whose time is over. To be called every second or so. */
void patience_look(struct patience *patience);

#endif
