/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mails of a folder that are done, by what is to become of them, until the server has been told.
 */
#ifndef FETCH_DONE_MAILS_H
#define FETCH_DONE_MAILS_H

#include <stdbool.h>

#include <glib.h>

#include "fetch/known_mails.h"
#include "fetch/store/store.h"

enum { DONE_MAILS_FATES = STORE_FAILED + 1 };

/* Where they are. */
struct done_mails_folder {
	const struct store_class *class;
	struct store *store;
	const struct mailbox_settings *settings;
	const char *name;
	struct known_mails *known;
};

struct done_mails {
	struct done_mails_folder folder;
	GArray *mails[DONE_MAILS_FATES]; /* struct store_mail */
	size_t settled;                  /* out: mails moved, flagged or deleted */
	size_t left;                     /* out: mails that stay where they are */
};

void done_mails_init(struct done_mails *done, const struct done_mails_folder *folder);
void done_mails_clear(struct done_mails *done);

void done_mails_add(struct done_mails *done, enum store_fate fate, const struct store_mail *mail);
/* Takes it out, if it is there. */
void done_mails_remove(struct done_mails *done, guint32 number);

/* Tells the server, and forgets them. What it refuses is left. False: the store is only good to be
 * closed; BM_ERROR_RETRY. */
bool done_mails_settle(struct done_mails *done, GError **error);

/* Counts and logs mails that stay in the folder. */
void done_mails_leave(struct done_mails *done, size_t count, const char *why);

#endif
