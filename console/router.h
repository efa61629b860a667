/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which page answers which request; and before any does, in one place: who asks, and whether a form
 * is from a page of ours.
 */
#ifndef CONSOLE_ROUTER_H
#define CONSOLE_ROUTER_H

#include "console/answer/page.h"

/* A server_handler; context is the struct console. */
struct response *router_answer(void *context, const struct request *request);

/* A server_person: a file of ours waits for nobody. */
char *router_person(void *context, const struct request *request);

#endif
