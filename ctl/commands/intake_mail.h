/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One mail of bouncectl intake: its envelope, recording it, and handing on what a
 * person must see.
 */
#ifndef CTL_COMMANDS_INTAKE_MAIL_H
#define CTL_COMMANDS_INTAKE_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/framework/command.h"
#include "ctl/framework/progress.h"
#include "db/pool.h"
#include "intake/intake.h"
#include "intake/mailbox.h"

/* What becomes of a mail that a person must see. */
enum intake_keeping {
	KEEPS_NOTHING, /* standard input: we are the last to have it */
	KEEPS_UNSEEN,  /* a maildir: it stays there as a new mail */
	KEEPS_ALL,     /* an mbox is not changed */
};

struct intake_job {
	const struct ctl_call *call;
	struct db_pool *pool;
	struct intake *intake;
	size_t bytes_max;
	bool json;
	int status;
	unsigned taken;
	unsigned known; /* duplicates */
	unsigned handed_on;
	unsigned failed;
	unsigned away; /* mails in a row that the database did not take */
	struct ctl_progress progress;
};

/* One mail of one source. */
struct intake_item {
	const char *source; /* "stdin", "maildir", "mbox", "file" */
	const char *name;   /* for messages */
	enum intake_keeping keeping;
	struct mail_place place;
	bool for_person; /* out: a person must still see it */
};

/* Says that this mail failed, and keeps the gravest exit status. False. */
bool intake_job_fail(struct intake_job *job, const char *name, int status, const char *text);

/* Whether the next mail has a chance: the database is there, nobody has pressed Ctrl-C. */
bool intake_job_may_go_on(const struct intake_job *job);

/* Records the mail, and hands it on where a person must see it. False where it must
 * be tried again, which has been said. */
bool intake_job_take(struct intake_job *job, struct intake_item *item);

#endif
