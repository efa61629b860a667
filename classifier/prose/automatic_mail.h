/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Automatic replies (RFC 3834 and older customs) and challenges, which ask the sender to
 * prove that a person wrote the mail.
 */
#ifndef CLASSIFIER_PROSE_AUTOMATIC_MAIL_H
#define CLASSIFIER_PROSE_AUTOMATIC_MAIL_H

#include <stdbool.h>

#include "classifier/report/report_builder.h"

/* Reads a challenge or an automatic reply, known by header, subject or words: sets kind,
 * dialect, return date and the one recipient, its sender. False if the message is neither. */
bool automatic_mail_parse(struct report_build *build);

#endif
