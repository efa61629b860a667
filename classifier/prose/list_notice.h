/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mailing list managers that refuse a mail or hold it for a moderator. They
 * write as the list, mark their mail in no way, and name the list by their own
 * address rather than in words.
 */
#ifndef CLASSIFIER_PROSE_LIST_NOTICE_H
#define CLASSIFIER_PROSE_LIST_NOTICE_H

#include <stdbool.h>

#include "classifier/report/report_builder.h"

/* True if a list manager refused or holds the mail: the list becomes the recipient. */
bool list_notice_parse(struct report_build *build);

#endif
