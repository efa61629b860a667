/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Keep, record, forget.
 */
#include "fetch/unrecorded_mails.h"

#include <string.h>

static void free_mail(void *data)
{
	struct unrecorded_mail *mail = data;

	g_clear_error(&mail->result.error);
	g_free(mail->name);
	g_free(mail->copy);
	g_free(mail);
}

void unrecorded_mails_init(struct unrecorded_mails *unrecorded)
{
	*unrecorded = (struct unrecorded_mails){.mails = g_ptr_array_new_with_free_func(free_mail)};
}

void unrecorded_mails_clear(struct unrecorded_mails *unrecorded)
{
	g_ptr_array_unref(unrecorded->mails);
}

bool unrecorded_mails_is_full(const struct unrecorded_mails *unrecorded, size_t len)
{
	return unrecorded->mails->len == DB_RECORDS_MAX ||
	       unrecorded->bytes + len > DB_RECORDS_BYTES_MAX;
}

void unrecorded_mails_add(struct unrecorded_mails *unrecorded, const struct known_mails_deed *deed,
			  const struct mail_intake_mail *mail)
{
	struct unrecorded_mail *added = g_new0(struct unrecorded_mail, 1);

	added->deed = *deed;
	added->name = g_strdup(mail->name);
	added->content = *mail->content;
	if (added->content.len <= DB_RECORDS_BYTES_MAX) {
		added->copy = g_malloc(added->content.len + 1); /* an empty one has bytes as well */
		memcpy(added->copy, mail->content->bytes, added->content.len);
		added->content.bytes = added->copy;
	}
	added->mail = *mail;
	added->mail.name = added->name;
	added->mail.content = &added->content;
	g_ptr_array_add(unrecorded->mails, added);
	unrecorded->bytes += added->content.len;
}

void unrecorded_mails_record(struct unrecorded_mails *unrecorded, struct mail_intake *mail_intake)
{
	g_autofree struct mail_intake_result *results =
	    g_new0(struct mail_intake_result, unrecorded->mails->len);
	g_autoptr(GPtrArray) mails = g_ptr_array_new();

	for (guint i = 0; i < unrecorded->mails->len; i++)
		g_ptr_array_add(mails,
				&((struct unrecorded_mail *)unrecorded->mails->pdata[i])->mail);
	mail_intake_take_all(mail_intake, mails, results);
	for (guint i = 0; i < unrecorded->mails->len; i++)
		((struct unrecorded_mail *)unrecorded->mails->pdata[i])->result = results[i];
}

void unrecorded_mails_forget_all(struct unrecorded_mails *unrecorded)
{
	g_ptr_array_set_size(unrecorded->mails, 0);
	unrecorded->bytes = 0;
}
