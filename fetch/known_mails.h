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

struct known_mails;

struct known_mails *known_mails_new(void);
void known_mails_free(struct known_mails *known);

/* A new look into the folder; now as g_get_monotonic_time(). */
void known_mails_begin_round(struct known_mails *known, gint64 now);
/* Whether a mail, which is there, is wanted in this look. */
bool known_mails_is_wanted(struct known_mails *known, gint64 key);
/* After all mails of the folder were asked about: forgets those that are not there any more. */
void known_mails_forget_absent(struct known_mails *known);

enum known_mails_blame {
	KNOWN_MAILS_BLAMES_OTHERS,   /* does not count as a try */
	KNOWN_MAILS_BLAMES_PERHAPS,  /* counts if another mail was recorded since it failed last */
	KNOWN_MAILS_BLAMES_THE_MAIL, /* counts */
};

struct known_mails_failure {
	gint64 key;
	enum known_mails_blame blame;
	int recorded; /* how many mails have been recorded so far */
};

/* The mail has failed, and waits for the next scan. Returns how many tries count. */
unsigned known_mails_fail(struct known_mails *known, const struct known_mails_failure *failure);
/* How often it has failed, counted or not. */
unsigned known_mails_failures(const struct known_mails *known, gint64 key);
/* Whether it has failed and is not done. */
bool known_mails_is_suspected(const struct known_mails *known, gint64 key);

struct known_mails_deed {
	struct store_mail mail;
	gint64 digest; /* of its bytes; 0: it was not read */
	enum store_fate fate;
};

/* The mail is done, and need not be recorded again. */
void known_mails_set_deed(struct known_mails *known, const struct known_mails_deed *deed);
/* Whether the mail of deed->mail.key and deed->digest, which has been read now, is done: what is
 * to become of it, and whether it is copied. */
bool known_mails_recall(const struct known_mails *known, struct known_mails_deed *deed);
/* Whether it was given up without having been read: to ask for it again may break the connection
 * once more. */
bool known_mails_is_given_up(const struct known_mails *known, gint64 key);
/* The server says that it has moved it: whatever is there by its name is read again. */
void known_mails_end_giving_up(struct known_mails *known, gint64 key);
/* A mail that is done is copied. */
void known_mails_set_copied(struct known_mails *known, gint64 key);
/* The server was told what is to become of it. If it is still there, it is not wanted for a second,
 * the next time for two, up to an hour: it must be read once more, lest another one has its name.
 */
void known_mails_wait(struct known_mails *known, gint64 key);
/* All are wanted in the next look. */
void known_mails_end_waiting(struct known_mails *known);

/* It stays where it is, and is never wanted again. */
void known_mails_leave(struct known_mails *known, gint64 key);

#endif
