/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mailing list managers that refuse a mail or hold it for a moderator. They
 * write as the list, mark their mail in no way, and name the list by their own
 * address rather than in words.
 */
#ifndef CLASSIFIER_PROSE_LIST_NOTICE_H
#define CLASSIFIER_PROSE_LIST_NOTICE_H

#include "classifier/report/finding.h"

/* Reads the notice of a list manager that refused the mail or holds it: the list is the
 * recipient. NULL if it is none. */
struct finding *list_notice_parse(const struct message *message);

#endif
