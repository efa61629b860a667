/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mails of bouncectl intake that are recorded together: what a statement and a COMMIT cost beside
 * their rows is paid once for all of them. What is told and done about each is done in their order,
 * after the COMMIT.
 */
#ifndef CTL_CLASSIFIER_COMMANDS_INTAKE_BATCH_H
#define CTL_CLASSIFIER_COMMANDS_INTAKE_BATCH_H

#include <stdio.h>

#include "ctl/classifier_commands/intake_mail.h"

struct intake_batch {
	struct intake_mail_job *job;
	/* For each that is done: recorded, and with a person who must see it. NULL: nothing is left
	 * to do with it. */
	void (*on_done)(struct intake_batch *batch, const struct intake_mail_item *item);
	const char *maildir; /* for on_done */
	GPtrArray *gathered; /* NULL at first */
	size_t bytes;
};

/* Reads a mail, whose item and file it takes (NULL: a file that outlives the batch), and records
 * what was gathered once it is enough. */
void intake_batch_add(struct intake_batch *batch, const struct intake_mail_item *item, FILE *file);

/* Records what was gathered, whether or not Ctrl-C was pressed: it is at hand. */
void intake_batch_end(struct intake_batch *batch);

#endif
