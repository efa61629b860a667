/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One command for all of a fate, as far as the server goes along.
 */
#include "fetch/fates.h"

#include "base/error.h"
#include "base/log.h"

void fates_init(struct fates *fates, const struct fates_folder *folder)
{
	*fates = (struct fates){.folder = *folder};
	for (size_t i = 0; i < FATES; i++)
		fates->mails[i] = g_array_new(FALSE, FALSE, sizeof(struct store_mail));
}

void fates_clear(struct fates *fates)
{
	for (size_t i = 0; i < FATES; i++)
		g_array_unref(fates->mails[i]);
}

void fates_add(struct fates *fates, enum store_fate fate, const struct store_mail *mail)
{
	g_array_append_vals(fates->mails[fate], mail, 1);
}

void fates_remove(struct fates *fates, guint32 number)
{
	for (size_t fate = 0; fate < FATES; fate++)
		for (guint i = fates->mails[fate]->len; i-- > 0;)
			if (g_array_index(fates->mails[fate], struct store_mail, i).number ==
			    number)
				g_array_remove_index(fates->mails[fate], i);
}

void fates_leave(struct fates *fates, size_t count, const char *why)
{
	fates->left += count;
	log_event(LOG_LEVEL_ERROR, "", "%s: %zu mails stay in %s: %s", fates->folder.settings->name,
		  count, fates->folder.name, why);
}

/* How far each has come. Where only the end of the session settles it, it will not be there in the
 * next one; elsewhere what is still there is read once more before it is tried again. */
static size_t note_settled(struct fates *fates, const GArray *mails, bool is_broken)
{
	const struct fates_folder *folder = &fates->folder;
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
	fates->settled += settled;
	return settled;
}

static bool settle_fates(struct fates *fates, enum store_fate fate, GError **error)
{
	const struct fates_folder *folder = &fates->folder;
	GArray *mails = fates->mails[fate];
	g_autoptr(GError) cause = NULL;
	bool is_good = folder->class->settle(folder->store, mails, fate, &cause);
	bool is_broken = !is_good && cause->code != BM_ERROR_INPUT;
	size_t settled = note_settled(fates, mails, is_broken);

	if (is_broken) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	if (!is_good)
		fates_leave(fates, mails->len - settled, cause->message);
	g_array_set_size(mails, 0);
	return true;
}

bool fates_settle(struct fates *fates, GError **error)
{
	for (size_t i = 0; i < FATES; i++)
		if (fates->mails[i]->len > 0 && !settle_fates(fates, (enum store_fate)i, error))
			return false;
	return true;
}
