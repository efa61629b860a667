/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mail about many deliveries, or about a session: statistics, digests of logs, Postfix's
 * transcripts for the postmaster. It has the words of failures and is no bounce.
 */
#ifndef CLASSIFIER_PROSE_SUMMARY_H
#define CLASSIFIER_PROSE_SUMMARY_H

#include <stdbool.h>

#include "classifier/report/message.h"

/* Subject or text show it for a summary, and it returns no original. */
bool summary_is(const struct message *message);

/* Postfix reports a failed session to the postmaster: notify_classes of postconf(5). */
bool summary_is_transcript(const struct message *message);

#endif
