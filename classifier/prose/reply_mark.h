/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Header fields by which a program marks what it sends as automatic.
 */
#ifndef CLASSIFIER_PROSE_REPLY_MARK_H
#define CLASSIFIER_PROSE_REPLY_MARK_H

#include "classifier/report/message.h"

enum reply_mark {
	REPLY_MARK_NONE,
	REPLY_MARK_WEAK,  /* some program sent it: with words of absence it is a reply */
	REPLY_MARK_LIST,  /* mail of a list */
	REPLY_MARK_REPLY, /* an automatic reply */
};

/* The strongest mark of the message's header. */
enum reply_mark reply_mark_find(const struct message *message);

#endif
