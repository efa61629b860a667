/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One mail: recorded, and sent to the operator where a person must read it.
 */
#ifndef FETCH_MAIL_INTAKE_H
#define FETCH_MAIL_INTAKE_H

#include <stdbool.h>

#include <glib.h>

#include "db/parameters/parameter_cache.h"
#include "delivery/smtp/client.h"
#include "fetch/store/store.h"
#include "intake/intake.h"

/* What all ways in share. */
struct mail_intake {
	struct intake *intake;
	struct parameter_cache *parameter_cache;
	const struct smtp_client *smtp;
	const char *sender; /* of copies for the operator */
	gint recorded;      /* atomic: mails so far */
};

struct mail_intake_mail {
	const char *source; /* "imap", "pop3", "lmtp" */
	const char *name;   /* MAILBOX:NUMBER, for the log */
	const struct store_content *content;
	const char *sender; /* of the envelope; NULL: what the header says of it */
	const char *const *recipients;
	bool own_mta;
	bool keeps_original; /* a person will find it in a folder */
	bool may_send;       /* the operator's server is not known to be away */
	bool is_last_try;    /* if it cannot be recorded, the operator gets it unrecorded */
};

enum mail_intake_outcome {
	MAIL_INTAKE_RECORDED,
	MAIL_INTAKE_UNCLASSIFIED, /* recorded, and a person has a copy or will look into the mailbox
				   */
	MAIL_INTAKE_STAYS,        /* recorded, but a person can read it only where it is now */
	MAIL_INTAKE_UNSENT,       /* recorded; the copy must be sent later */
	MAIL_INTAKE_REFUSED,      /* the database can never store it */
	MAIL_INTAKE_HANDED_ON,    /* nor this one, and the operator has a copy */
	MAIL_INTAKE_AWAY,         /* not recorded, for no fault of its own */
};

struct mail_intake_result {
	enum mail_intake_outcome outcome;
	GError *error; /* as mail_intake_take says; the caller's */
};

/* Only after COMMIT the outcome says that it is recorded. error is set for MAIL_INTAKE_UNSENT,
 * MAIL_INTAKE_REFUSED, MAIL_INTAKE_HANDED_ON and MAIL_INTAKE_AWAY. Thread-safe. */
enum mail_intake_outcome mail_intake_take(struct mail_intake *mail_intake,
					  const struct mail_intake_mail *mail, GError **error);

/* Several (struct mail_intake_mail), at most DB_RECORDS_MAX, recorded together: each has an outcome
 * of its own in results_out. After a copy that could not be sent none is tried for those behind it.
 */
void mail_intake_take_all(struct mail_intake *mail_intake, const GPtrArray *mails,
			  struct mail_intake_result *results_out);

#endif
