/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A mailbox reached by POP3 (RFC 1939): no folders, no flags, no telling. A mail that is settled
 * is deleted, and gone when the session ends.
 */
#include <string.h>

#include "base/error.h"
#include "fetch/pop3/dialogue.h"
#include "fetch/pop3/login.h"
#include "fetch/store/short_hash.h"
#include "fetch/store/store.h"

enum {
	QUIT_WAIT = 30,    /* seconds; a server deletes what was marked */
	SESSION_MAX = 500, /* mails: what a cut connection may bring once more */
};

struct store {
	struct pop3_dialogue dialogue;
	size_t bytes_max;
	bool has_marked; /* mails that are deleted with QUIT */
};

static bool report_store_answer(const struct store *store, enum pop3_answer answer,
				const char *what, GError **error)
{
	if (answer == POP3_BROKEN)
		return stream_report(store->dialogue.stream, error);
	g_set_error(error, BM_ERROR, BM_ERROR_INPUT, "%s: the server says: %s", what,
		    store->dialogue.line->str);
	return false;
}

/* Only after its answer is deleted what was marked. */
static bool quit(struct store *store, GError **error)
{
	store->dialogue.reply_wait = QUIT_WAIT;
	enum pop3_answer answer = pop3_dialogue_ask(&store->dialogue, "QUIT");

	if (answer == POP3_OK || !store->has_marked)
		return true;
	if (answer == POP3_BROKEN)
		stream_report(store->dialogue.stream, error);
	else
		g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "QUIT: the server says: %s",
			    store->dialogue.line->str);
	return false;
}

static bool store_close(struct store *store, GError **error)
{
	bool is_good = stream_fault(store->dialogue.stream) || quit(store, error);

	pop3_dialogue_clear(&store->dialogue);
	g_free(store);
	return is_good;
}

static struct store *store_open(const struct store_opening *opening, struct stream *stream,
				GError **error)
{
	const struct mailbox_settings *settings = opening->settings;
	struct store *store = g_new0(struct store, 1);

	store->bytes_max = opening->bytes_max;
	pop3_dialogue_init(&store->dialogue, stream, (unsigned)settings->reply_wait,
			   (unsigned)settings->transfer_wait);
	if (pop3_login(&store->dialogue, opening, error))
		return store;
	(void)store_close(store, NULL);
	return NULL;
}

/* There is one folder, and it is open. */
static bool store_select(struct store *store, const char *folder, GError **error)
{
	(void)folder;
	return !stream_fault(store->dialogue.stream) ||
	       stream_report(store->dialogue.stream, error);
}

/* --- which mails there are ---------------------------------------------------------------- */

/* Deleted twice, it would be refused. */
static bool is_listed(const struct store_list *list, guint32 number)
{
	for (guint i = 0; i < list->mails->len; i++)
		if (g_array_index(list->mails, struct store_mail, i).number == number)
			return true;
	return false;
}

static void add_line(const struct store *store, struct store_list *list)
{
	const char *line = store->dialogue.line->str;
	char *end;
	guint64 number = g_ascii_strtoull(line, &end, 10);

	if (number == 0 || number > G_MAXUINT32 || *end != ' ')
		return;
	const char *unique_id = g_strchug(end);
	const struct store_mail mail = {.number = (guint32)number,
					.key = short_hash_of(unique_id, strlen(unique_id))};
	if (!list->is_wanted(list->context, mail.key) || mail.number <= list->after)
		return;
	if (is_listed(list, mail.number))
		return;
	list->total++;
	if (list->mails->len < list->max)
		g_array_append_val(list->mails, mail);
}

static bool store_list(struct store *store, struct store_list *list, GError **error)
{
	enum pop3_answer answer = pop3_dialogue_ask(&store->dialogue, "UIDL");

	if (answer != POP3_OK)
		return report_store_answer(store, answer, "UIDL", error);
	stream_set_wait(store->dialogue.stream, store->dialogue.transfer_wait);
	while (pop3_dialogue_next_line(&store->dialogue))
		add_line(store, list);
	return !stream_fault(store->dialogue.stream) ||
	       stream_report(store->dialogue.stream, error);
}

/* --- reading, and afterwards ---------------------------------------------------------------- */

/* False: the connection is broken. */
static bool fetch_one(struct store *store, guint32 number, struct store_content *content_out,
		      GByteArray *bytes)
{
	g_autofree char *command = g_strdup_printf("RETR %u", number);
	enum pop3_answer answer = pop3_dialogue_ask(&store->dialogue, command);

	*content_out = (struct store_content){0};
	if (answer != POP3_OK) {
		content_out->fault = store->dialogue.line->str;
		return answer != POP3_BROKEN;
	}
	g_byte_array_set_size(bytes, 0);
	if (!pop3_dialogue_mail(&store->dialogue, bytes, store->bytes_max, &content_out->size))
		return false;
	content_out->bytes = (const char *)bytes->data;
	content_out->len = bytes->len;
	return true;
}

static bool store_fetch(struct store *store, const GArray *numbers, const struct store_sink *sink,
			GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_sized_new(1);

	for (guint i = 0; i < numbers->len; i++) {
		guint32 number = g_array_index(numbers, guint32, i);
		struct store_content content;

		if (!fetch_one(store, number, &content, bytes))
			return stream_report(store->dialogue.stream, error);
		if (!sink->take(sink->context, number, &content))
			break;
	}
	return true;
}

/* One that is refused does not keep the others. */
static bool store_settle(struct store *store, GArray *mails, enum store_fate fate, GError **error)
{
	g_autoptr(GError) first = NULL;

	for (guint i = 0; fate != STORE_FAILED && i < mails->len; i++) {
		struct store_mail *mail = &g_array_index(mails, struct store_mail, i);
		g_autofree char *command = g_strdup_printf("DELE %u", mail->number);
		enum pop3_answer answer = pop3_dialogue_ask(&store->dialogue, command);

		if (answer == POP3_BROKEN)
			return report_store_answer(store, answer, command, error);
		mail->is_settled = answer == POP3_OK;
		store->has_marked |= mail->is_settled;
		if (answer != POP3_OK)
			(void)report_store_answer(store, answer, command, first ? NULL : &first);
	}
	if (!first)
		return true;
	g_propagate_error(error, g_steal_pointer(&first));
	return false;
}

static enum store_event store_wait(struct store *store, int wake_fd, GError **error)
{
	(void)store;
	(void)wake_fd;
	(void)error;
	return STORE_REOPEN;
}

const struct store_class pop3_store_class = {
    .open = store_open,
    .close = store_close,
    .select = store_select,
    .list = store_list,
    .fetch = store_fetch,
    .settle = store_settle,
    .wait = store_wait,
    .session_max = SESSION_MAX,
};
