/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Settings of Postfix that keep mail from its filters although these are named, and what else a
 * person who wires it for the first time stumbles over.
 */
#ifndef MILTER_POSTFIX_PITFALLS_H
#define MILTER_POSTFIX_PITFALLS_H

#include <stdbool.h>

#include "milter/postfix/postconf.h"
#include "milter/postfix/way.h"

/* What is wrong with a way that leads to us; NULL if nothing. Heap. */
char *pitfalls_of_way(const struct way *way);

/* Of Postfix as a whole: something that is missing; NULL if nothing. Heap. */
char *pitfalls_of_postfix(const struct postconf *postfix);

/* Prints a warning for what may be intended. addresses: one of each bounce domain. */
void pitfalls_warn(const struct postconf *postfix, const char *const *addresses);

#endif
