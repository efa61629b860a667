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
#include "fetch/taking.h"

struct held_mail {
	struct memory_deed deed;
	struct taking_mail mail; /* its name and content are those below */
	char *name;
	struct store_content content;
	char *copy; /* of the bytes; NULL: they are the caller's */
	struct taking_result result;
};

struct held {
	GPtrArray *mails; /* struct held_mail */
	size_t bytes;
};

void held_init(struct held *held);
void held_clear(struct held *held);

/* Whether they are to be recorded before one of this length comes to them. */
bool held_is_full(const struct held *held, size_t len);

/* Keeps a copy of a mail. One that is longer than the bound is not copied: it must be recorded
 * while the caller's bytes last. */
void held_add(struct held *held, const struct memory_deed *deed, const struct taking_mail *mail);

/* Records them, each with a result of its own. */
void held_record(struct held *held, struct taking *taking);
void held_forget_all(struct held *held);

#endif
