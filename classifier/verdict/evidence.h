/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What of a refusal's words is evidence: what the side that refused said itself. Formulas that
 * stand in front of any reason are none, nor is what another system made of the reply.
 */
#ifndef CLASSIFIER_VERDICT_EVIDENCE_H
#define CLASSIFIER_VERDICT_EVIDENCE_H

#include <stdbool.h>

#include "classifier/text/status_code.h"

/* Of folded words (fold.h), in place:
 *  - a set phrase of etc/phrases, [empty-phrase], goes,
 *  - one of [formula] goes where other words beside it give the reason,
 *  - a reply that another host passed on, or behind a phrase of [reply-follows], stands alone,
 *  - Sendmail's own line after the reply that it quotes, "<<< 550 No", goes,
 *  - and so does qmail's "Giving up on 192.0.2.1." */
void evidence_keep(char *folded);

/* A reply that another host passed on behind one of its own, as Exchange, Amavis and Cisco's
 * do: the codes before it, and those that the report gives beside it, are that host's. NULL if
 * there is none. */
const char *evidence_find_passed_on(const char *text);

/* The name that stands alone, in whatever case, becomes the mark if that is not longer. In place.
 */
void evidence_mark_name(char *folded, const char *name, size_t len, const char *mark);

/* Some of the words say something: codes, links and what is in brackets do not. */
bool evidence_speaks(const char *text);

enum evidence_status {
	EVIDENCE_NO_REPLY,
	EVIDENCE_NO_STATUS,  /* a reply without an enhanced status code */
	EVIDENCE_OWN_STATUS, /* a reply with one */
};

/* The enhanced status code that stands in the first reply of the words. One that the report gives
 * beside it was made up by a system that maps replies to codes. Sendmail, which says 5.1.1 for
 * every 550, is one of several. */
enum evidence_status evidence_find_status(const char *folded, char status_out[STATUS_CODE_SIZE]);

#endif
