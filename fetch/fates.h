/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mails of a folder that are done, by what is to become of them, until the server has been told.
 */
#ifndef FETCH_FATES_H
#define FETCH_FATES_H

#include <stdbool.h>

#include <glib.h>

#include "fetch/known_mails.h"
#include "fetch/store/store.h"

enum { FATES = STORE_FAILED + 1 };

/* Where they are. */
struct fates_folder {
	const struct store_class *class;
	struct store *store;
	const struct mailbox_settings *settings;
	const char *name;
	struct known_mails *known;
};

struct fates {
	struct fates_folder folder;
	GArray *mails[FATES]; /* struct store_mail */
	size_t settled;       /* out: mails moved, flagged or deleted */
	size_t left;          /* out: mails that stay where they are */
};

void fates_init(struct fates *fates, const struct fates_folder *folder);
void fates_clear(struct fates *fates);

void fates_add(struct fates *fates, enum store_fate fate, const struct store_mail *mail);
/* Takes it out, if it is there. */
void fates_remove(struct fates *fates, guint32 number);

/* Tells the server, and forgets them. What it refuses is left. False: the store is only good to be
 * closed; BM_ERROR_RETRY. */
bool fates_settle(struct fates *fates, GError **error);

/* Counts and logs mails that stay in the folder. */
void fates_leave(struct fates *fates, size_t count, const char *why);

#endif
