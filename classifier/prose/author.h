/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who wrote a message: a mail system, a person or a list, or it cannot be told. How far the
 * words are believed depends on it.
 */
#ifndef CLASSIFIER_PROSE_AUTHOR_H
#define CLASSIFIER_PROSE_AUTHOR_H

#include <stdbool.h>

#include "classifier/report/message.h"

/* Decides by the header alone. A mail system: null sender, the usual names of a daemon,
 * X-Failed-Recipients. The other functions use message->author, which is set to this. */
enum message_author author_find(const struct message *message);

/* It is a machine's, and more than the name "postmaster" says so: a person may answer mail there.
 */
bool author_has_evidence(const struct message *message);

/* It is named a daemon's or postmaster's or built as a report; a null sender alone is any automatic
 * mail's. */
bool author_is_certain(const struct message *message);

/* From has a name that a mail system may have, and a person who runs it: "Mail Administrator". */
bool author_is_system(const struct message *message);

/* From has the name of a daemon. */
bool author_is_daemon(const struct message *message);

/* The envelope has the author's own address: the mail may be answered. */
bool author_is_mailbox(const struct message *message);

/* It came over a mailing list or as a newsletter. */
bool author_is_list(const struct message *message);

/* It cannot be told who sent it, but it has the subject of a report, quotes a server and does not
 * talk. */
bool author_may_report(const struct message *message);

/* It comes from a mail system, or it cannot be told and it has the subject of a report. */
bool author_may_be_machine(const struct message *message);

/* From is empty or has the name of a daemon. */
bool author_claims_daemon(const struct message *message);

/* The subject says "not yet" and not "given up". */
bool author_has_delay_subject(const struct message *message);

/* Subjects that mail systems give to failure reports. Weak beside a dialect, nothing alone. */
bool author_has_report_subject(const struct message *message);

/* Between text and end (NULL: its own) somebody greets, asks or quotes, as a person does before
 * pasted text. */
bool author_is_personal(const char *text, const char *end);

/* A line begins with the reply of a server, or has one after a colon. */
bool author_quotes_reply(const char *text);

#endif
