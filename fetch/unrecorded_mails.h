/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mails that have come from a mailbox and wait to be recorded together: their bytes are kept, at
 * most DB_RECORDS_BYTES_MAX of them.
 */
#ifndef FETCH_UNRECORDED_MAILS_H
#define FETCH_UNRECORDED_MAILS_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "fetch/known_mails.h"
#include "fetch/mail_intake.h"

struct unrecorded_mail {
	struct known_mails_deed deed;
	struct mail_intake_mail mail; /* its name and content are those below */
	char *name;
	struct store_content content;
	char *copy; /* of the bytes; NULL: they are the caller's */
	struct mail_intake_result result;
};

struct unrecorded_mails {
	GPtrArray *mails; /* struct unrecorded_mail */
	size_t bytes;
};

void unrecorded_mails_init(struct unrecorded_mails *unrecorded);
void unrecorded_mails_clear(struct unrecorded_mails *unrecorded);

/* Whether they are to be recorded before one of this length comes to them. */
bool unrecorded_mails_is_full(const struct unrecorded_mails *unrecorded, size_t len);

/* Keeps a copy of a mail. One that is longer than the bound is not copied: it must be recorded
 * while the caller's bytes last. */
void unrecorded_mails_add(struct unrecorded_mails *unrecorded, const struct known_mails_deed *deed,
			  const struct mail_intake_mail *mail);

/* Records them, each with a result of its own. */
void unrecorded_mails_record(struct unrecorded_mails *unrecorded, struct mail_intake *mail_intake);
void unrecorded_mails_forget_all(struct unrecorded_mails *unrecorded);

#endif
