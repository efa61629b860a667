/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What becomes of mails once they are recorded: flagged, deleted, or moved, by MOVE (RFC 6851) or
 * else by COPY, \Deleted and UID EXPUNGE (RFC 4315). A connection that breaks before the last of
 * these leaves an original that is marked as copied, where the server keeps that mark; one that
 * breaks behind COPY leaves it without.
 */
#ifndef FETCH_IMAP_MAIL_MOVER_H
#define FETCH_IMAP_MAIL_MOVER_H

#include <stdbool.h>

#include <glib.h>

#include "fetch/imap/dialogue.h"
#include "fetch/store/store.h"

struct imap_mail_mover {
	struct imap_dialogue *dialogue;
	const struct mailbox_settings *settings;
	bool may_create;      /* the folder: it is tried once for each call */
	bool must_prove_copy; /* of mails that are recorded nowhere */
	bool was_told_of_expunge;
	bool is_mark_refused; /* by a server that says it keeps keywords */
};

/* The mark of an original that is copied and to be removed. NULL: none is needed, or kept. */
const char *imap_mail_mover_mark(const struct imap_mail_mover *mover);

/* As settle of struct store_class. */
bool imap_mail_mover_run(struct imap_mail_mover *mover, GArray *mails, enum store_fate fate,
			 GError **error);

#endif
