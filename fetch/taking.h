/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One mail: recorded, and sent to the operator where a person must read it.
 */
#ifndef FETCH_TAKING_H
#define FETCH_TAKING_H

#include <stdbool.h>

#include <glib.h>

#include "db/parameter_cache.h"
#include "delivery/smtp/client.h"
#include "fetch/store/store.h"
#include "intake/intake.h"

/* What all ways in share. */
struct taking {
	struct intake *intake;
	struct parameter_cache *parameter_cache;
	const struct smtp_client *smtp;
	const char *sender; /* of copies for the operator */
	gint recorded;      /* atomic: mails so far */
};

struct taking_mail {
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

enum taking_outcome {
	TAKING_RECORDED,
	TAKING_UNCLASSIFIED, /* recorded, and a person has a copy or will look into the mailbox */
	TAKING_STAYS,        /* recorded, but a person can read it only where it is now */
	TAKING_UNSENT,       /* recorded; the copy must be sent later */
	TAKING_REFUSED,      /* the database can never store it */
	TAKING_HANDED_ON,    /* nor this one, and the operator has a copy */
	TAKING_AWAY,         /* not recorded, for no fault of its own */
};

struct taking_result {
	enum taking_outcome outcome;
	GError *error; /* as taking_take says; the caller's */
};

/* Only after COMMIT the outcome says that it is recorded. error is set for TAKING_UNSENT,
 * TAKING_REFUSED, TAKING_HANDED_ON and TAKING_AWAY. Thread-safe. */
enum taking_outcome taking_take(struct taking *taking, const struct taking_mail *mail,
				GError **error);

/* Several (struct taking_mail), at most DB_RECORDS_MAX, recorded together: each has an outcome of
 * its own in results_out. After a copy that could not be sent none is tried for those behind it. */
void taking_take_all(struct taking *taking, const GPtrArray *mails,
		     struct taking_result *results_out);

#endif
