/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One look into one folder: every mail in it is read, recorded and settled, or has failed once
 * more. A mail is moved or deleted only after its COMMIT.
 */
#ifndef FETCH_FOLDER_SCAN_H
#define FETCH_FOLDER_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "fetch/known_mails.h"
#include "fetch/mail_intake.h"
#include "fetch/store/store.h"

struct folder_scan {
	const struct store_class *class;
	struct store *store;
	const struct mailbox_settings *settings;
	const char *folder;
	struct known_mails *known; /* of this folder */
	struct mail_intake *mail_intake;
	/* Whether to end after the mails in hand. */
	bool (*is_stopping)(void *context);
	/* May be NULL: a mail is done, of so many that there were. */
	void (*on_progress)(void *context, size_t done, size_t total);
	void *context;

	size_t done;      /* out: mails recorded */
	size_t settled;   /* out: mails moved, flagged or deleted */
	size_t failed;    /* out: mails that stay for now, or were moved aside */
	bool must_reopen; /* out: the session has done as much as one may */
	bool has_no_database;
	unsigned lacking; /* mails in a row that the server has named and not given */
};

/* False: the store is only good to be closed; BM_ERROR_RETRY. */
bool folder_scan_run(struct folder_scan *scan, GError **error) __attribute__((warn_unused_result));

#endif
