/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the submission server has refused since it last accepted anybody, and to whom: words that
 * say nothing of a recipient and are heard by several of them are a fault of the configuration.
 * All workers share one memory: which of them a mail comes to says nothing of the server.
 */
#ifndef DELIVERY_REFUSALS_H
#define DELIVERY_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>

#include "db/queue.h"

struct refusals;

struct refusals *refusals_new(void);
void refusals_free(struct refusals *refusals);

/* The server has accepted somebody: what was refused before is forgotten. Thread-safe. */
void refusals_forget(struct refusals *refusals);

/* What the server refuses may be our fault, until it accepts somebody. Thread-safe. */
void refusals_accuse(struct refusals *refusals);
bool refusals_is_accused(struct refusals *refusals);

/* Who is known to have heard the same words. */
struct refusals_answer {
	bool is_alike;   /* other recipients have, since the server last accepted anybody */
	bool is_its_own; /* this one has not since then: if it did before, others were accepted */
};

/* Remembers what recipient i of the item was told; line is as from outcome_line(). If
 * is_of_content, it may be what the mail contains: its other recipients are no others.
 * Thread-safe. */
struct refusals_answer refusals_hear(struct refusals *refusals, const struct db_item *item,
				     size_t i, const char *line, bool is_of_content);

/* A reply to this address without what differs from mail to mail: addresses, the parts of this
 * one, what is in angle brackets, and words with digits but for the codes. Heap. */
char *refusals_words(const char *line, const char *address);

#endif
