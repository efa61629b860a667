/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What becomes of one mail of bouncectl intake: it is told of, and forwarded where a person must
 * see it.
 */
#ifndef CTL_CLASSIFIER_COMMANDS_INTAKE_MAIL_H
#define CTL_CLASSIFIER_COMMANDS_INTAKE_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/progress.h"
#include "ctl/framework/call.h"
#include "intake/intake.h"
#include "intake/mail_file.h"

/* What becomes of a mail that a person must see. */
enum intake_mail_keeping {
	INTAKE_MAIL_KEEPS_NOTHING, /* standard input: we are the last to have it */
	INTAKE_MAIL_KEEPS_UNSEEN,  /* a maildir: it stays there as a new mail */
	INTAKE_MAIL_KEEPS_ALL,     /* an mbox is not changed */
};

struct intake_mail_job {
	struct ctl_call *call;
	struct intake *intake;
	size_t bytes_max;
	bool json;
	enum ctl_exit_code exit_code; /* the gravest so far */
	unsigned taken;
	unsigned known; /* duplicates */
	unsigned handed_on;
	unsigned failed;
	unsigned away; /* mails in a row for which there was no database */
	struct progress progress;
};

/* One mail of one source. */
struct intake_mail_item {
	const char *source; /* "stdin", "maildir", "mbox", "file" */
	char *name;         /* for messages */
	enum intake_mail_keeping keeping;
	struct mail_file place;
	bool for_person; /* out: a person must still see it */
};

/* Says that this mail failed, and keeps the gravest exit code. False. */
bool intake_mail_fail(struct intake_mail_job *job, const char *name, enum ctl_exit_code exit_code,
		      const char *text);

/* Whether there is a database. */
bool intake_mail_has_database(const struct intake_mail_job *job);
/* Whether the next mail has a chance: there is one, and nobody has pressed Ctrl-C. */
bool intake_mail_may_go_on(const struct intake_mail_job *job);

/* Says what was recorded, and forwards the mail where a person must see it. False where it must
 * be tried again, which has been said. */
bool intake_mail_settle(struct intake_mail_job *job, struct intake_mail_item *item,
			const struct intake_mail *outcome);

#endif
