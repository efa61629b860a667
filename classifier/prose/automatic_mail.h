/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Automatic replies (RFC 3834 and older customs) and challenges, which ask the sender to
 * prove that a person wrote the mail.
 */
#ifndef CLASSIFIER_PROSE_AUTOMATIC_MAIL_H
#define CLASSIFIER_PROSE_AUTOMATIC_MAIL_H

#include "classifier/report/finding.h"

/* Reads a challenge or an automatic reply, known by header, subject or words: its author is
 * the recipient. NULL if it is neither. */
struct finding *automatic_mail_parse(const struct message *message);

/* The same for a challenge only, known by its subject and its words: some call themselves mail
 * delivery software (TMDA), and speak of an address as a failure does. */
struct finding *automatic_mail_challenge(const struct message *message);

/* Makes a delivery report that asks the sender to confirm himself a challenge. */
void automatic_mail_apply_challenge(const struct message *message, struct finding *finding);

#endif
