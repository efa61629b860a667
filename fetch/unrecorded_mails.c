/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Keep, record, forget.
 */
#include "fetch/unrecorded_mails.h"

#include <string.h>

static void free_mail(void *data)
{
	struct held_mail *held = data;

	g_clear_error(&held->result.error);
	g_free(held->name);
	g_free(held->copy);
	g_free(held);
}

void held_init(struct held *held)
{
	*held = (struct held){.mails = g_ptr_array_new_with_free_func(free_mail)};
}

void held_clear(struct held *held)
{
	g_ptr_array_unref(held->mails);
}

bool held_is_full(const struct held *held, size_t len)
{
	return held->mails->len == DB_RECORDS_MAX || held->bytes + len > DB_RECORDS_BYTES_MAX;
}

void held_add(struct held *held, const struct memory_deed *deed, const struct taking_mail *mail)
{
	struct held_mail *added = g_new0(struct held_mail, 1);

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
	g_ptr_array_add(held->mails, added);
	held->bytes += added->content.len;
}

void held_record(struct held *held, struct taking *taking)
{
	g_autofree struct taking_result *results = g_new0(struct taking_result, held->mails->len);
	g_autoptr(GPtrArray) mails = g_ptr_array_new();

	for (guint i = 0; i < held->mails->len; i++)
		g_ptr_array_add(mails, &((struct held_mail *)held->mails->pdata[i])->mail);
	taking_take_all(taking, mails, results);
	for (guint i = 0; i < held->mails->len; i++)
		((struct held_mail *)held->mails->pdata[i])->result = results[i];
}

void held_forget_all(struct held *held)
{
	g_ptr_array_set_size(held->mails, 0);
	held->bytes = 0;
}
