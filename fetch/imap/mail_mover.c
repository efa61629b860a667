/* SPDX-License-Identifier: BSD-2-Clause
 *
 * All together, and one by one where the server refuses that. What was copied is not copied again:
 * a server that keeps the original would get one more copy at each look.
 */
#include "fetch/imap/mail_mover.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "fetch/imap/folder_name.h"
#include "fetch/imap/uid_set.h"

static const char deleted[] = "\\Deleted";

/* --- the mails of a call ------------------------------------------------------------------- */

static struct store_mail *mail_at(GArray *mails, guint index)
{
	return &g_array_index(mails, struct store_mail, index);
}

static bool is_among(const struct store_mail *mail, bool is_copied)
{
	return !mail->is_settled && mail->is_copied == is_copied;
}

/* Those that are not settled, copied or not; NULL: there is none. */
static char *set_of(GArray *mails, bool is_copied)
{
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint i = 0; i < mails->len; i++)
		if (is_among(mail_at(mails, i), is_copied))
			g_array_append_val(uids, mail_at(mails, i)->number);
	return uids->len == 0 ? NULL : imap_uid_set(uids);
}

static void note_settled(GArray *mails, bool is_copied)
{
	for (guint i = 0; i < mails->len; i++)
		if (is_among(mail_at(mails, i), is_copied))
			mail_at(mails, i)->is_settled = true;
}

static void note_copied(GArray *mails)
{
	for (guint i = 0; i < mails->len; i++)
		mail_at(mails, i)->is_copied |= !mail_at(mails, i)->is_settled;
}

/* --- commands -------------------------------------------------------------------------------- */

static bool can(const struct imap_mail_mover *mover, enum imap_capability capability)
{
	return (mover->dialogue->capabilities & capability) != 0;
}

/* What the server says it can, and does not know when it is asked, it cannot. */
static bool is_command_known(struct imap_mail_mover *mover, enum imap_answer answer,
			     enum imap_capability capability)
{
	if (answer == IMAP_BAD)
		mover->dialogue->capabilities &= ~(unsigned)capability;
	return answer != IMAP_BAD;
}

/* Only where the server says that it keeps keywords: others refuse the whole command. */
const char *imap_mail_mover_mark(const struct imap_mail_mover *mover)
{
	static const char mark[] = "$BounceCopied";
	const struct imap_dialogue *dialogue = mover->dialogue;

	return !mover->is_mark_refused && !can(mover, IMAP_CAN_MOVE) &&
		       can(mover, IMAP_CAN_UIDPLUS) && dialogue->permanent_flags &&
		       imap_dialogue_keeps_flag(dialogue, mark)
		   ? mark
		   : NULL;
}

/* Before a copy is made of what cannot be deleted. */
static bool may_delete(const struct imap_mail_mover *mover, GError **error)
{
	if (imap_dialogue_keeps_flag(mover->dialogue, deleted))
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_INPUT,
		    "delete: the server does not keep the flag %s in this folder", deleted);
	return false;
}

/* A server that refuses the mark, whatever it says of keywords, is asked without it. */
static enum imap_answer mark_deleted(struct imap_mail_mover *mover, const char *set, bool is_copied)
{
	const char *mark = is_copied ? imap_mail_mover_mark(mover) : NULL;
	enum imap_answer answer = IMAP_NO;

	if (mark)
		answer = imap_dialogue_ask_for(
		    mover->dialogue, "UID STORE %s +FLAGS.SILENT (%s %s)", set, deleted, mark);
	if (answer == IMAP_OK || answer == IMAP_BROKEN)
		return answer;
	mover->is_mark_refused = mover->is_mark_refused || mark;
	return imap_dialogue_ask_for(mover->dialogue, "UID STORE %s +FLAGS.SILENT (%s)", set,
				     deleted);
}

/* Only what we have marked is removed: a plain EXPUNGE would take with it what others have. */
static bool expunge(struct imap_mail_mover *mover, const char *set, bool is_copied, GError **error)
{
	struct imap_dialogue *dialogue = mover->dialogue;
	enum imap_answer answer = mark_deleted(mover, set, is_copied);
	enum imap_answer removal = IMAP_BAD;

	if (answer != IMAP_OK)
		return imap_dialogue_report(dialogue, answer, "delete", error);
	if (can(mover, IMAP_CAN_UIDPLUS))
		removal = imap_dialogue_ask_for(dialogue, "UID EXPUNGE %s", set);
	if (is_command_known(mover, removal, IMAP_CAN_UIDPLUS))
		return removal == IMAP_OK ||
		       imap_dialogue_report(dialogue, removal, "delete", error);
	if (!mover->was_told_of_expunge) {
		mover->was_told_of_expunge = true;
		log_event(LOG_LEVEL_WARNING, "",
			  "%s: the server cannot expunge single mails (UIDPLUS): they stay, marked "
			  "%s",
			  mover->settings->name, deleted);
	}
	return true;
}

/* verb: MOVE or COPY. */
static enum imap_answer transfer(struct imap_mail_mover *mover, const char *verb, const char *set,
				 const char *folder)
{
	struct imap_dialogue *dialogue = mover->dialogue;
	g_autofree char *name = imap_folder_name(folder);
	enum imap_answer answer = imap_dialogue_ask_for(dialogue, "UID %s %s %s", verb, set, name);
	g_autofree char *reason = g_strdup(dialogue->text);

	if (answer != IMAP_NO || !mover->may_create ||
	    imap_dialogue_has_code(dialogue, "OVERQUOTA"))
		return answer;
	mover->may_create = false;
	enum imap_answer creation = imap_dialogue_ask_for(dialogue, "CREATE %s", name);
	if (creation == IMAP_OK)
		return imap_dialogue_ask_for(dialogue, "UID %s %s %s", verb, set, name);
	if (creation == IMAP_BROKEN)
		return creation;
	g_free(dialogue->text); /* it was there */
	dialogue->text = g_steal_pointer(&reason);
	return answer;
}

/* --- moving and deleting ---------------------------------------------------------------- */

/* A mail that is recorded nowhere is not deleted on a bare OK: with UIDPLUS a server says where the
 * copy is, and without it nothing is removed. */
static bool is_copy_proven(const struct imap_mail_mover *mover, const char *what, GError **error)
{
	if (!mover->must_prove_copy || imap_dialogue_has_code(mover->dialogue, "COPYUID"))
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_INPUT,
		    "%s: the server does not say where the copy is (COPYUID)", what);
	return false;
}

static bool put_into(struct imap_mail_mover *mover, GArray *mails, const char *set,
		     const char *folder, GError **error)
{
	bool is_moving = can(mover, IMAP_CAN_MOVE);
	g_autofree char *what = g_strdup_printf("%s to %s", is_moving ? "move" : "copy", folder);

	if (!is_moving && !may_delete(mover, error))
		return false;
	enum imap_answer answer = transfer(mover, is_moving ? "MOVE" : "COPY", set, folder);
	if (is_moving && !is_command_known(mover, answer, IMAP_CAN_MOVE))
		return put_into(mover, mails, set, folder, error);
	if (answer != IMAP_OK)
		return imap_dialogue_report(mover->dialogue, answer, what, error);
	if (!is_moving && !is_copy_proven(mover, what, error))
		return false;
	if (is_moving)
		note_settled(mails, false);
	else
		note_copied(mails);
	return true;
}

static bool delete_all(struct imap_mail_mover *mover, GArray *mails, bool is_copied, GError **error)
{
	g_autofree char *set = set_of(mails, is_copied);

	if (set && !expunge(mover, set, is_copied, error))
		return false;
	note_settled(mails, is_copied);
	return true;
}

static bool move(struct imap_mail_mover *mover, GArray *mails, const char *folder, GError **error)
{
	g_autofree char *set = set_of(mails, false);

	return (!set || put_into(mover, mails, set, folder, error)) &&
	       delete_all(mover, mails, true, error);
}

static bool mark(struct imap_mail_mover *mover, GArray *mails, GError **error)
{
	g_autofree char *set = set_of(mails, false);

	if (!set)
		return true;
	enum imap_answer answer = imap_dialogue_ask_for(
	    mover->dialogue, "UID STORE %s +FLAGS.SILENT (%s)", set, mover->settings->flag);
	if (answer != IMAP_OK)
		return imap_dialogue_report(mover->dialogue, answer, "flag", error);
	note_settled(mails, false);
	return true;
}

/* What is copied needs no other fate: it is removed. */
static bool settle_mails(struct imap_mail_mover *mover, GArray *mails, enum store_fate fate,
			 GError **error)
{
	const struct mailbox_settings *settings = mover->settings;

	switch (fate) {
	case STORE_RECORDED:
		if (strcmp(settings->recorded, "flag") == 0)
			return delete_all(mover, mails, true, error) && mark(mover, mails, error);
		if (strcmp(settings->recorded, "delete") == 0)
			return may_delete(mover, error) && delete_all(mover, mails, true, error) &&
			       delete_all(mover, mails, false, error);
		return move(mover, mails, settings->recorded_folder, error);
	case STORE_UNCLASSIFIED:
		return move(mover, mails, settings->unclassified_folder, error);
	case STORE_FAILED:
		return move(mover, mails, settings->failed_folder, error);
	}
	g_assert_not_reached();
}

/* Keeps the first refusal, and goes on. */
static bool settle_one_by_one(struct imap_mail_mover *mover, GArray *mails, enum store_fate fate,
			      GError **error)
{
	g_autoptr(GError) first = NULL;

	for (guint i = 0; i < mails->len; i++) {
		g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(struct store_mail));
		g_autoptr(GError) cause = NULL;

		g_array_append_val(one, *mail_at(mails, i));
		bool is_good =
		    mail_at(mails, i)->is_settled || settle_mails(mover, one, fate, &cause);
		*mail_at(mails, i) = *mail_at(one, 0);
		if (!is_good && cause->code != BM_ERROR_INPUT) {
			g_propagate_error(error, g_steal_pointer(&cause));
			return false;
		}
		if (!is_good && !first)
			first = g_steal_pointer(&cause);
	}
	if (!first)
		return true;
	g_propagate_error(error, g_steal_pointer(&first));
	return false;
}

bool imap_mail_mover_run(struct imap_mail_mover *mover, GArray *mails, enum store_fate fate,
			 GError **error)
{
	g_autoptr(GError) cause = NULL;

	mover->may_create = true;
	mover->must_prove_copy = fate == STORE_FAILED && can(mover, IMAP_CAN_UIDPLUS);
	if (settle_mails(mover, mails, fate, &cause))
		return true;
	if (mails->len > 1 && cause->code == BM_ERROR_INPUT)
		return settle_one_by_one(mover, mails, fate, error);
	g_propagate_error(error, g_steal_pointer(&cause));
	return false;
}
