/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One mailbox for as long as the daemon lives: connect, look into its folders, wait, look again;
 * after a fault connect anew, with growing pauses. Or once, for all that is there now.
 */
#ifndef FETCH_MAILBOX_H
#define FETCH_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "fetch/mail_intake.h"
#include "fetch/store/mailbox_settings.h"

struct mailbox;

struct mailbox_tally {
	size_t done;   /* mails recorded */
	size_t failed; /* mails that were not, or that could not be moved */
};

/* settings and mail_intake live longer. Once stop_fd is readable (-1: none) it ends after the mails
 * in hand, or in seconds where the server keeps it waiting. NULL with BM_ERROR_CONFIG: certificates
 * or password cannot be read. */
struct mailbox *mailbox_new(const struct mailbox_settings *settings, size_t bytes_max,
			    struct mail_intake *mail_intake, int stop_fd, GError **error)
    __attribute__((warn_unused_result));
void mailbox_free(struct mailbox *mailbox);

/* Serves in a thread of its own until stop_fd is readable and it is woken; mailbox_join waits for
 * its end. */
void mailbox_start(struct mailbox *mailbox);
void mailbox_join(struct mailbox *mailbox);
/* Ends every pause: whatever was wrong may be right now, or it is to stop. */
void mailbox_wake(struct mailbox *mailbox);

/* For a monitor. */
struct mailbox_state {
	const char *name;
	bool is_up;              /* the last look found all folders, and came to the end */
	gint64 looked_at;        /* seconds since 1970: the last such look; 0: none yet */
	unsigned long long done; /* since the start, as in the tally */
	unsigned long long failed;
};

/* Any thread. */
struct mailbox_state mailbox_state(const struct mailbox *mailbox);

/* All that is there, in this thread. on_progress may be NULL. False: it could not be reached, or
 * not to the end. */
bool mailbox_run_once(struct mailbox *mailbox, void (*on_progress)(size_t done, size_t total),
		      struct mailbox_tally *tally_out, GError **error)
    __attribute__((warn_unused_result));

/* Connects, logs in, and looks whether its folders are there. */
bool mailbox_probe(struct mailbox *mailbox, GError **error) __attribute__((warn_unused_result));

#endif
