/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is known of the mails of one folder that are still in it: how often one has failed, and
 * what is to become of one that is done. It lasts as long as the process: after a start a mail
 * that was recorded is recorded once more, which changes nothing. A server may give the name of one
 * mail to another: what is done is known again by its bytes.
 */
#ifndef FETCH_KNOWN_MAILS_H
#define FETCH_KNOWN_MAILS_H

#include <stdbool.h>

#include <glib.h>

#include "fetch/store/store.h"

struct memory;

struct memory *memory_new(void);
void memory_free(struct memory *memory);

/* A new look into the folder; now as g_get_monotonic_time(). */
void memory_begin_round(struct memory *memory, gint64 now);
/* Whether a mail, which is there, is wanted in this look. */
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
/* Whether it has failed and is not done. */
bool memory_is_suspected(const struct memory *memory, gint64 key);

struct memory_deed {
	struct store_mail mail;
	gint64 digest; /* of its bytes; 0: it was not read */
	enum store_fate fate;
};

/* The mail is done, and need not be recorded again. */
void memory_set_deed(struct memory *memory, const struct memory_deed *deed);
/* Whether the mail of deed->mail.key and deed->digest, which has been read now, is done: what is
 * to become of it, and whether it is copied. */
bool memory_recall(const struct memory *memory, struct memory_deed *deed);
/* Whether it was given up without having been read: to ask for it again may break the connection
 * once more. */
bool memory_is_given_up(const struct memory *memory, gint64 key);
/* The server says that it has moved it: whatever is there by its name is read again. */
void memory_end_giving_up(struct memory *memory, gint64 key);
/* A mail that is done is copied. */
void memory_set_copied(struct memory *memory, gint64 key);
/* The server was told what is to become of it. If it is still there, it is not wanted for a second,
 * the next time for two, up to an hour: it must be read once more, lest another one has its name.
 */
void memory_wait(struct memory *memory, gint64 key);
/* All are wanted in the next look. */
void memory_end_waiting(struct memory *memory);

/* It stays where it is, and is never wanted again. */
void memory_leave(struct memory *memory, gint64 key);

#endif
