/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One request of a person at a time: somebody who asks for much at once keeps only himself
 * waiting.
 */
#ifndef CONSOLE_HTTP_TURNS_H
#define CONSOLE_HTTP_TURNS_H

#include <glib.h>

struct turns;

enum turns_place {
	TURNS_NOW,
	TURNS_LATER, /* turns_pass() of who is before it returns the request */
	TURNS_FULL,  /* too many wait; it has no turn */
};

struct turns *turns_new(unsigned waiting_max);
void turns_free(struct turns *turns); /* when nobody has a turn any more */

/* Asks for a turn of that person. Safe from any thread, and so is turns_pass. */
enum turns_place turns_take(struct turns *turns, const char *person, void *request);
/* Ends it: the request whose turn it is now; NULL: none waits. */
void *turns_pass(struct turns *turns, const char *person);

#endif
