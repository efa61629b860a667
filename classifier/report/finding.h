/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What one grammar found in a message: the value that it returns.
 */
#ifndef CLASSIFIER_REPORT_FINDING_H
#define CLASSIFIER_REPORT_FINDING_H

#include "classifier/report/message.h"

struct finding {
	struct value_pool *pool; /* the message's */
	enum report_kind kind;
	const char *dialect;      /* the grammar; "" if it recognised nothing but single fields */
	const char *text;         /* the message's, or the part of it that is words */
	struct original original; /* the message's, and what the grammar says of it */
	GArray *recipients;       /* struct report_recipient */
	struct report_facts facts;
};

/* With nothing found yet. Free with finding_free. */
struct finding *finding_new(const struct message *message);
void finding_free(struct finding *finding);

/* The recipient at that index; the pointer is good until one is added. */
struct report_recipient *finding_recipient(const struct finding *finding, guint index);

/* A new recipient with all fields "", or NULL beyond limits.recipient_count. */
struct report_recipient *finding_add_recipient(struct finding *finding, const char *source);

/* The recipient of that address (case does not matter), or NULL. */
struct report_recipient *finding_find_recipient(const struct finding *finding, const char *address);

/* The recipient of that address, added if it is new; NULL for "" and beyond
 * limits.recipient_count. */
struct report_recipient *finding_add_address(struct finding *finding, const char *address,
					     const char *source, enum report_action action);

/* Sets the diagnostic from text that may have several lines, and fills what is "" (status, reply
 * code, remote MTA) from it: codes are known by their place at the start of a line. Lines that tell
 * the original's subject are left out. */
void finding_set_diagnostic(struct finding *finding, struct report_recipient *recipient,
			    struct slice text);

/* Fills what is "" in the recipient (status, reply code, remote MTA) from its diagnostic. */
void finding_complete_recipient(struct finding *finding, struct report_recipient *recipient);

/* OpenSMTPD reports the end of its attempts as a delay: those recipients have failed. */
void finding_fail_expired(struct finding *finding);

typedef struct finding finding_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(finding_t, finding_free)

#endif
