/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One command for all of a fate, as far as the server goes along.
 */
#include "fetch/done_mails.h"

#include "base/error.h"
#include "base/log.h"

void done_mails_init(struct done_mails *done, const struct done_mails_folder *folder)
{
	*done = (struct done_mails){.folder = *folder};
	for (size_t i = 0; i < DONE_MAILS_FATES; i++)
		done->mails[i] = g_array_new(FALSE, FALSE, sizeof(struct store_mail));
}

void done_mails_clear(struct done_mails *done)
{
	for (size_t i = 0; i < DONE_MAILS_FATES; i++)
		g_array_unref(done->mails[i]);
}

void done_mails_add(struct done_mails *done, enum store_fate fate, const struct store_mail *mail)
{
	g_array_append_vals(done->mails[fate], mail, 1);
}

void done_mails_remove(struct done_mails *done, guint32 number)
{
	for (size_t fate = 0; fate < DONE_MAILS_FATES; fate++)
		for (guint i = done->mails[fate]->len; i-- > 0;)
			if (g_array_index(done->mails[fate], struct store_mail, i).number == number)
				g_array_remove_index(done->mails[fate], i);
}

void done_mails_leave(struct done_mails *done, size_t count, const char *why)
{
	done->left += count;
	log_event(LOG_LEVEL_ERROR, "", "%s: %zu mails stay in %s: %s", done->folder.settings->name,
		  count, done->folder.name, why);
}

/* How far each has come. Where only the end of the session settles it, it will not be there in the
 * next one; elsewhere what is still there is read once more before it is tried again. */
static size_t note_settled(struct done_mails *done, const GArray *mails, bool is_broken)
{
	const struct done_mails_folder *folder = &done->folder;
	size_t settled = 0;

	for (guint i = 0; i < mails->len; i++) {
		const struct store_mail *mail = &g_array_index(mails, struct store_mail, i);

		settled += mail->is_settled;
		if (mail->is_copied)
			known_mails_set_copied(folder->known, mail->key);
		if (mail->is_settled && known_mails_is_given_up(folder->known, mail->key))
			known_mails_end_giving_up(folder->known, mail->key);
		if (!is_broken && (!mail->is_settled || folder->class->session_max == 0))
			known_mails_wait(folder->known, mail->key);
	}
	done->settled += settled;
	return settled;
}

static bool settle_fates(struct done_mails *done, enum store_fate fate, GError **error)
{
	const struct done_mails_folder *folder = &done->folder;
	GArray *mails = done->mails[fate];
	g_autoptr(GError) cause = NULL;
	bool is_good = folder->class->settle(folder->store, mails, fate, &cause);
	bool is_broken = !is_good && cause->code != BM_ERROR_INPUT;
	size_t settled = note_settled(done, mails, is_broken);

	if (is_broken) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	if (!is_good)
		done_mails_leave(done, mails->len - settled, cause->message);
	g_array_set_size(mails, 0);
	return true;
}

bool done_mails_settle(struct done_mails *done, GError **error)
{
	for (size_t i = 0; i < DONE_MAILS_FATES; i++)
		if (done->mails[i]->len > 0 && !settle_fates(done, (enum store_fate)i, error))
			return false;
	return true;
}
