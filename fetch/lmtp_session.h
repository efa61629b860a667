/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One connection of an MTA that delivers by LMTP (RFC 2033): after the end of a mail it is told for
 * each recipient, and only after COMMIT, that we have it; "try again later" else.
 */
#ifndef FETCH_LMTP_SESSION_H
#define FETCH_LMTP_SESSION_H

#include <stdbool.h>

#include "fetch/mail_intake.h"
#include "net/stream.h"

enum {
	LMTP_MAIL_BYTES_MAX = 32 << 20, /* as offered by SIZE: held while it is received */
	LMTP_RECIPIENTS_MAX = 100,
};

struct lmtp_options {
	struct mail_intake *mail_intake;
	bool own_mta; /* all that comes in here is believed as our own MTA's */
	int stop_fd;  /* readable: end; only a mail that is wholly here is still recorded */
};

/* Since when the client owes a mail: seconds of the monotonic clock; 0 while one is recorded.
 * Whoever sets LMTP_DISMISSED, and ends what can be read, has the client told that others wait.
 * Only by g_atomic_int. */
typedef gint lmtp_debt;
enum { LMTP_DISMISSED = -1 };

/* Until the client says QUIT, is silent for too long, or stop_fd; debt is kept up to date. Takes
 * the stream. */
void lmtp_session_run(struct stream *stream, const struct lmtp_options *options, lmtp_debt *debt);
/* Says that there are too many; takes the stream. */
void lmtp_session_refuse(struct stream *stream);

#endif
