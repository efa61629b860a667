/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Most of it keeps a good address from being called dead by what was said of another.
 */
#include "classifier/read/recipients.h"

#include <string.h>

#include "classifier/prose/recipient_words.h"
#include "classifier/text/address.h"

#define COMPARED_MAX 100 /* recipients of a report that are held against each other */

static enum report_kind kind_of_actions(const struct finding *finding)
{
	enum report_kind kind = REPORT_SUCCESS;
	for (guint i = 0; i < finding->recipients->len; i++) {
		switch (finding_recipient(finding, i)->action) {
		case REPORT_ACTION_NONE:
		case REPORT_ACTION_FAILED:
		case REPORT_ACTION_OTHER:
			return REPORT_DSN;
		case REPORT_ACTION_DELAYED:
			kind = REPORT_DELAY;
			break;
		case REPORT_ACTION_DELIVERED:
		case REPORT_ACTION_RELAYED:
		case REPORT_ACTION_EXPANDED:
			break;
		}
	}
	return kind;
}

/* A missing Action follows from the status: 2 delivered, 4 and 5 failed. */
static void settle_actions(struct finding *finding)
{
	for (guint i = 0; i < finding->recipients->len; i++) {
		struct report_recipient *r = finding_recipient(finding, i);
		if (r->action == REPORT_ACTION_NONE)
			r->action =
			    *r->status == '2' ? REPORT_ACTION_DELIVERED : REPORT_ACTION_FAILED;
	}
}

static bool has_address(const struct report_recipient *r, const char *address)
{
	return g_ascii_strcasecmp(r->recipient, address) == 0 ||
	       g_ascii_strcasecmp(r->original_recipient, address) == 0;
}

/* The words name another recipient of this report, and not this one. */
static bool speaks_of_another(const struct finding *finding, const struct report_recipient *self)
{
	const char *end = self->diagnostic + strlen(self->diagnostic);
	struct slice found;
	bool another = false;
	for (const char *at = self->diagnostic; address_find(at, (size_t)(end - at), &found);
	     at = found.data + found.len) {
		g_autofree char *address = g_strndup(found.data, found.len);
		if (has_address(self, address))
			return false;
		for (guint i = 0; i < finding->recipients->len && !another; i++)
			another = g_ascii_strcasecmp(finding_recipient(finding, i)->recipient,
						     address) == 0;
	}
	return another;
}

/* Nullmailer gives the words that refused one recipient, with their codes, to all. */
static void drop_words_of_others(struct finding *finding)
{
	if (finding->recipients->len < 2)
		return;
	for (guint i = 0; i < MIN(finding->recipients->len, COMPARED_MAX); i++) {
		struct report_recipient *r = finding_recipient(finding, i);
		if (r->action == REPORT_ACTION_FAILED && speaks_of_another(finding, r))
			r->diagnostic = r->diagnostic_type = r->status = r->reply_code = "";
	}
}

static bool has_arrived(enum report_action action)
{
	return action == REPORT_ACTION_DELIVERED || action == REPORT_ACTION_RELAYED ||
	       action == REPORT_ACTION_EXPANDED;
}

/* A list or an alias of which one member failed and another did not: the member is
 * named by its own address only, and the address that we wrote to is not dead. */
static void settle_member(struct report_recipient *member, const struct report_recipient *sibling)
{
	if (sibling->action == REPORT_ACTION_FAILED || sibling->action == REPORT_ACTION_OTHER)
		return;
	if (*member->original_recipient && has_address(sibling, member->original_recipient)) {
		if (g_ascii_strcasecmp(member->original_recipient, member->recipient) != 0)
			member->original_recipient = "";
	}
	if (has_arrived(sibling->action) && has_address(sibling, member->recipient))
		member->action = REPORT_ACTION_OTHER;
}

static void settle_members(struct finding *finding)
{
	guint count = MIN(finding->recipients->len, COMPARED_MAX);
	for (guint i = 0; i < count; i++)
		for (guint j = 0;
		     j < count && finding_recipient(finding, i)->action == REPORT_ACTION_FAILED;
		     j++)
			settle_member(finding_recipient(finding, i), finding_recipient(finding, j));
}

void recipients_settle(const struct message *message, struct finding *finding)
{
	settle_actions(finding);
	drop_words_of_others(finding);
	recipient_words_add(message, finding);
	finding_fail_expired(finding);
	settle_members(finding);
	finding->kind = kind_of_actions(finding);
	finding->dialect = "rfc3464";
}
