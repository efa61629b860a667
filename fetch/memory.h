/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is known of the mails of one folder that are still in it: how often one has failed, and
 * what is to become of one that is done. It lasts as long as the process: after a start a mail
 * that was recorded is recorded once more, which changes nothing.
 */
#ifndef FETCH_MEMORY_H
#define FETCH_MEMORY_H

#include <stdbool.h>

#include <glib.h>

#include "fetch/store/store.h"

struct memory;

struct memory *memory_new(void);
void memory_free(struct memory *memory);

/* A new look into the folder: every mail may be taken once more. */
void memory_begin_round(struct memory *memory);
/* Whether a mail, which is there, is wanted in this round. */
bool memory_is_wanted(struct memory *memory, gint64 key);
/* After all mails of the folder were asked about: forgets those that are not there any more. */
void memory_forget_absent(struct memory *memory);

enum memory_blame {
	MEMORY_BLAMES_OTHERS,   /* does not count as a try */
	MEMORY_BLAMES_PERHAPS,  /* counts if another mail was recorded since it failed last */
	MEMORY_BLAMES_THE_MAIL, /* counts */
};

struct memory_failure {
	gint64 key;
	enum memory_blame blame;
	int recorded; /* how many mails have been recorded so far */
};

/* The mail has failed, and waits for the next round. Returns how many tries count. */
unsigned memory_fail(struct memory *memory, const struct memory_failure *failure);
/* How often it has failed, counted or not. */
unsigned memory_failures(const struct memory *memory, gint64 key);

/* The mail is done, and need not be read again. */
void memory_set_fate(struct memory *memory, gint64 key, enum store_fate fate);
/* False: it is not done. */
bool memory_get_fate(const struct memory *memory, gint64 key, enum store_fate *fate_out);

/* It stays where it is, and is never wanted again. */
void memory_leave(struct memory *memory, gint64 key);

#endif
