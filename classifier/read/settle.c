/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Most of it keeps a good address from being called dead by what was said of another.
 */
#include "classifier/read/settle.h"

#include <string.h>

#include "classifier/prose/completion.h"
#include "classifier/text/address.h"

#define COMPARED_MAX 100 /* recipients of a report that are held against each other */

static struct report_recipient *recipient_at(const struct report_build *build, guint index)
{
	return &g_array_index(build->recipients, struct report_recipient, index);
}

static enum report_kind kind_of_actions(const struct report_build *build)
{
	enum report_kind kind = REPORT_SUCCESS;
	for (guint i = 0; i < build->recipients->len; i++) {
		switch (recipient_at(build, i)->action) {
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
static void settle_actions(struct report_build *build)
{
	for (guint i = 0; i < build->recipients->len; i++) {
		struct report_recipient *r = recipient_at(build, i);
		if (r->action == REPORT_ACTION_NONE)
			r->action =
			    *r->status == '2' ? REPORT_ACTION_DELIVERED : REPORT_ACTION_FAILED;
	}
}

static bool is_him(const struct report_recipient *r, const char *address)
{
	return g_ascii_strcasecmp(r->recipient, address) == 0 ||
	       g_ascii_strcasecmp(r->original_recipient, address) == 0;
}

/* The words name another recipient of this report, and not this one. */
static bool speaks_of_another(const struct report_build *build, const struct report_recipient *self)
{
	const char *end = self->diagnostic + strlen(self->diagnostic);
	struct slice found;
	bool another = false;
	for (const char *at = self->diagnostic; address_find(at, (size_t)(end - at), &found);
	     at = found.data + found.len) {
		g_autofree char *address = g_strndup(found.data, found.len);
		if (is_him(self, address))
			return false;
		for (guint i = 0; i < build->recipients->len && !another; i++)
			another =
			    g_ascii_strcasecmp(recipient_at(build, i)->recipient, address) == 0;
	}
	return another;
}

/* Nullmailer gives the words that refused one recipient, with their codes, to all. */
static void drop_words_of_others(struct report_build *build)
{
	if (build->recipients->len < 2)
		return;
	for (guint i = 0; i < MIN(build->recipients->len, COMPARED_MAX); i++) {
		struct report_recipient *r = recipient_at(build, i);
		if (r->action == REPORT_ACTION_FAILED && speaks_of_another(build, r))
			r->diagnostic = r->diagnostic_type = r->status = r->reply_code = "";
	}
}

static bool has_arrived(enum report_action action)
{
	return action == REPORT_ACTION_DELIVERED || action == REPORT_ACTION_RELAYED ||
	       action == REPORT_ACTION_EXPANDED;
}

/* A list or an alias of which one member failed and another did not: the member is
 * told of under his own address only, and the address that we wrote to is not dead. */
static void settle_member(struct report_recipient *member, const struct report_recipient *sibling)
{
	if (sibling->action == REPORT_ACTION_FAILED || sibling->action == REPORT_ACTION_OTHER)
		return;
	if (*member->original_recipient && is_him(sibling, member->original_recipient)) {
		if (g_ascii_strcasecmp(member->original_recipient, member->recipient) != 0)
			member->original_recipient = "";
	}
	if (has_arrived(sibling->action) && is_him(sibling, member->recipient))
		member->action = REPORT_ACTION_OTHER;
}

static void settle_members(struct report_build *build)
{
	guint count = MIN(build->recipients->len, COMPARED_MAX);
	for (guint i = 0; i < count; i++)
		for (guint j = 0;
		     j < count && recipient_at(build, i)->action == REPORT_ACTION_FAILED; j++)
			settle_member(recipient_at(build, i), recipient_at(build, j));
}

void settle_recipients(struct report_build *build)
{
	settle_actions(build);
	drop_words_of_others(build);
	completion_apply(build);
	report_builder_fail_expired(build);
	settle_members(build);
	build->report->kind = kind_of_actions(build);
	build->report->dialect = "rfc3464";
}
