/* SPDX-License-Identifier: BSD-2-Clause
 *
 * "Your message To: list@host.example ... did not reach the following recipients": whom the
 * original was written to is not who failed, where the report names others below.
 */
#ifndef CLASSIFIER_PROSE_ORIGINAL_LINE_H
#define CLASSIFIER_PROSE_ORIGINAL_LINE_H

#include "classifier/report/message.h"

/* The message's text without such addresses; the text itself if there are none. */
const char *original_line_hide(const struct message *message);

#endif
