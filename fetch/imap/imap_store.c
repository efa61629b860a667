/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A mailbox reached by IMAP (RFC 3501), with IDLE (RFC 2177) where the server has it. Mails are
 * named by their UIDs, so that none is taken for
 * another when the folder changes meanwhile.
 */
#include <string.h>

#include "base/error.h"
#include "fetch/imap/dialogue.h"
#include "fetch/imap/folder_name.h"
#include "fetch/imap/login.h"
#include "fetch/imap/mail_mover.h"
#include "fetch/imap/uid_set.h"
#include "fetch/store/store.h"

/* seconds */
enum { LOGOUT_WAIT = 5, IDLE_MAX = 25 * 60 };

enum { CHATTER_MAX = 1000 /* lines in one IDLE that are about no mail */ };

struct store {
	const struct mailbox_settings *settings;
	struct imap_dialogue dialogue;
	size_t bytes_max;
	struct imap_mail_mover mover;
};

/* --- open and close ----------------------------------------------------------------------- */

static bool store_close(struct store *store, GError **error)
{
	(void)error; /* nothing depends on the answer */
	if (!stream_fault(store->dialogue.stream)) {
		store->dialogue.reply_wait = LOGOUT_WAIT;
		(void)imap_dialogue_ask(&store->dialogue, "LOGOUT", NULL);
	}
	imap_dialogue_clear(&store->dialogue);
	g_free(store);
	return true;
}

static struct store *store_open(const struct store_opening *opening, struct stream *stream,
				GError **error)
{
	const struct mailbox_settings *settings = opening->settings;
	struct store *store = g_new0(struct store, 1);

	store->settings = settings;
	store->bytes_max = opening->bytes_max;
	store->mover = (struct imap_mail_mover){.dialogue = &store->dialogue, .settings = settings};
	imap_dialogue_init(&store->dialogue, stream, (unsigned)settings->reply_wait,
			   (unsigned)settings->transfer_wait);
	if (imap_login(&store->dialogue, opening, error))
		return store;
	(void)store_close(store, NULL);
	return NULL;
}

/* --- folders ---------------------------------------------------------------------------- */

static bool is_flagging(const struct store *store)
{
	return strcmp(store->settings->recorded, "flag") == 0;
}

static bool store_select(struct store *store, const char *folder, GError **error)
{
	g_autofree char *name = imap_folder_name(folder);
	struct imap_dialogue *dialogue = &store->dialogue;

	dialogue->uid_validity = 0;
	g_clear_pointer(&dialogue->permanent_flags, g_free);
	enum imap_answer answer = imap_dialogue_ask_for(dialogue, "SELECT %s", name);
	if (answer != IMAP_OK)
		return imap_dialogue_report(dialogue, answer, folder, error);
	if (imap_dialogue_has_code(dialogue, "READ-ONLY"))
		return imap_dialogue_report(dialogue, IMAP_NO, folder, error);
	if (dialogue->uid_validity == 0) {
		g_set_error(error, BM_ERROR, BM_ERROR_INPUT,
			    "%s: the server keeps no names of mails (UIDVALIDITY)", folder);
		return false;
	}
	if (is_flagging(store) && !imap_dialogue_keeps_flag(dialogue, store->settings->flag)) {
		g_set_error(error, BM_ERROR, BM_ERROR_INPUT,
			    "%s: the server does not keep the flag %s; set flag = \\Seen", folder,
			    store->settings->flag);
		return false;
	}
	return true;
}

/* --- which mails there are ---------------------------------------------------------------- */

struct listing {
	struct store_list *list;
	guint32 uid_validity;
};

static int compare_mails(const void *a, const void *b)
{
	guint32 x = ((const struct store_mail *)a)->number;
	guint32 y = ((const struct store_mail *)b)->number;

	return x < y ? -1 : x > y;
}

/* Each once, however often it was named. */
static void keep_the_oldest(struct store_list *list)
{
	GArray *mails = list->mails;
	guint kept = 0;

	g_array_sort(mails, compare_mails);
	for (guint i = 0; i < mails->len; i++) {
		struct store_mail mail = g_array_index(mails, struct store_mail, i);

		if (kept == 0 ||
		    g_array_index(mails, struct store_mail, kept - 1).number != mail.number)
			g_array_index(mails, struct store_mail, kept++) = mail;
	}
	g_array_set_size(mails, (guint)MIN(kept, list->max));
}

/* However many the server names, twice as many as wanted are held. */
static void on_found(void *context, guint32 uid)
{
	struct listing *listing = context;
	struct store_list *list = listing->list;
	const struct store_mail mail = {.number = uid,
					.key = (gint64)listing->uid_validity << 32 | uid};

	if (!list->is_wanted(list->context, mail.key) || uid <= list->after)
		return;
	list->total++;
	g_array_append_val(list->mails, mail);
	if (list->mails->len >= 2 * list->max)
		keep_the_oldest(list);
}

static bool can_expunge(const struct store *store)
{
	return (store->dialogue.capabilities & IMAP_CAN_UIDPLUS) != 0;
}

static bool is_deleting(const struct store *store)
{
	return strcmp(store->settings->recorded, "delete") == 0;
}

/* What is not marked yet, with recorded = flag. With recorded = delete also what is marked
 * \Deleted: whoever marked it, we or another, it may have been left so by a connection that broke.
 */
static char *key_of_new(const struct store *store)
{
	const char *flag = store->settings->flag;

	if (is_deleting(store) && can_expunge(store))
		return g_strdup("ALL");
	if (!is_flagging(store))
		return g_strdup("UNDELETED");
	return *flag == '\\' ? g_strdup_printf("UNDELETED UN%s", flag + 1)
			     : g_strdup_printf("UNDELETED UNKEYWORD %s", flag);
}

/* And what a session that broke has copied, and not removed. */
static char *search_key(const struct store *store)
{
	const char *mark = imap_mail_mover_mark(&store->mover);
	g_autofree char *key = key_of_new(store);

	if (!mark || is_deleting(store))
		return g_steal_pointer(&key);
	return g_strdup_printf(strchr(key, ' ') ? "OR (%s) KEYWORD %s" : "OR %s KEYWORD %s", key,
			       mark);
}

static enum imap_answer search(struct store *store, const struct imap_handler *handler)
{
	g_autofree char *key = search_key(store);
	g_autofree char *command = g_strdup_printf("UID SEARCH %s", key);

	return imap_dialogue_ask(&store->dialogue, command, handler);
}

static bool store_list(struct store *store, struct store_list *list, GError **error)
{
	struct listing listing = {list, store->dialogue.uid_validity};
	const struct imap_handler handler = {.search = on_found, .context = &listing};
	store->dialogue.has_news = false; /* from here on it is news */
	enum imap_answer answer = search(store, &handler);

	if (imap_mail_mover_mark(&store->mover) && (answer == IMAP_NO || answer == IMAP_BAD)) {
		store->mover.is_mark_refused = true;
		answer = search(store, &handler);
	}
	keep_the_oldest(list);
	return answer == IMAP_OK || imap_dialogue_report(&store->dialogue, answer, "SEARCH", error);
}

/* --- reading ---------------------------------------------------------------------------- */

struct reading {
	const struct store_sink *sink;
	const GArray *numbers; /* that were asked for */
	size_t bytes_max;
	bool is_over; /* the sink wants no more */
};

static bool was_asked_for(const struct reading *reading, guint32 number)
{
	for (guint i = 0; i < reading->numbers->len; i++)
		if (g_array_index(reading->numbers, guint32, i) == number)
			return true;
	return false;
}

static void on_mail(void *context, const struct imap_mail *mail)
{
	struct reading *reading = context;
	size_t len = mail->body->len;
	bool is_cut = len >= reading->bytes_max;
	guint64 size = CLAMP(mail->size, len, IMAP_LITERAL_BYTES_MAX);
	/* servers guess sizes; of a mail that is not cut the size is known */
	const struct store_content content = {.bytes = (const char *)mail->body->data,
					      .len = len,
					      .size = is_cut ? (size_t)size : len,
					      .is_copied = mail->has_flag};

	if (!was_asked_for(reading, mail->uid) || reading->is_over)
		return;
	reading->is_over = !reading->sink->take(reading->sink->context, mail->uid, &content);
}

static bool store_fetch(struct store *store, const GArray *numbers, const struct store_sink *sink,
			GError **error)
{
	const char *mark = imap_mail_mover_mark(&store->mover);
	g_autofree char *set = imap_uid_set(numbers);
	g_autofree char *command =
	    g_strdup_printf("UID FETCH %s (UID %sRFC822.SIZE BODY.PEEK[]<0.%zu>)", set,
			    mark ? "FLAGS " : "", store->bytes_max);
	struct reading reading = {.sink = sink, .numbers = numbers, .bytes_max = store->bytes_max};
	const struct imap_handler handler = {.mail = on_mail,
					     .context = &reading,
					     .mails_max = numbers->len,
					     .body_max = store->bytes_max,
					     .flag = mark};

	/* a NO is about single mails: they have not come, and the caller sees it */
	return imap_dialogue_ask(&store->dialogue, command, &handler) != IMAP_BROKEN ||
	       stream_report(store->dialogue.stream, error);
}

/* --- afterwards ------------------------------------------------------------------------- */

static bool store_settle(struct store *store, GArray *mails, enum store_fate fate, GError **error)
{
	return imap_mail_mover_run(&store->mover, mails, fate, error);
}

/* --- waiting -------------------------------------------------------------------------------- */

/* Reads what the server says until it is about mails. One that never falls silent, or always begins
 * a line more, would keep us from looking at the clock, at wake_fd and into the folder. */
static enum connection_event await_news(struct store *store, int wake_fd)
{
	struct imap_dialogue *dialogue = &store->dialogue;
	gint64 deadline =
	    connection_deadline(MIN((unsigned)store->settings->poll_interval, IDLE_MAX));
	enum connection_event event = CONNECTION_READABLE;

	for (unsigned lines = 0;
	     event == CONNECTION_READABLE && !dialogue->has_news && lines < CHATTER_MAX; lines++) {
		event = stream_wait(dialogue->stream, wake_fd, deadline);
		if (event == CONNECTION_READABLE && !imap_dialogue_hear_news(dialogue))
			break;
		if (g_get_monotonic_time() > deadline)
			event = CONNECTION_TIME_OVER;
	}
	return event;
}

/* RFC 2177: a server may give up who says nothing for 30 minutes, so IDLE is said again before
 * that. A server that goes silent, or that has forgotten us, is found out when it does not answer
 * to DONE; what it did not tell is seen by the look that follows. */
static bool idle(struct store *store, int wake_fd, enum connection_event *event_out)
{
	struct imap_dialogue *dialogue = &store->dialogue;

	enum imap_answer answer = imap_dialogue_begin(dialogue, "IDLE");
	if (answer == IMAP_NO || answer == IMAP_BAD) {
		dialogue->capabilities &= ~(unsigned)IMAP_CAN_IDLE;
		return true;
	}
	if (answer != IMAP_CONTINUE)
		return answer == IMAP_OK;
	*event_out = await_news(store, wake_fd);
	if (!imap_dialogue_say_more(dialogue, "DONE"))
		return false;
	return imap_dialogue_hear(dialogue) != IMAP_BROKEN;
}

static enum store_event store_wait(struct store *store, int wake_fd, GError **error)
{
	gint64 deadline = connection_deadline((unsigned)store->settings->poll_interval);
	enum connection_event event = CONNECTION_TIME_OVER;

	if ((store->dialogue.capabilities & IMAP_CAN_IDLE) == 0)
		event = stream_wait(store->dialogue.stream, wake_fd, deadline);
	else if (!idle(store, wake_fd, &event))
		stream_report(store->dialogue.stream, error);
	return event == CONNECTION_WOKEN ? STORE_WOKEN : STORE_LOOK;
}

const struct store_class imap_store_class = {
    .open = store_open,
    .close = store_close,
    .select = store_select,
    .list = store_list,
    .fetch = store_fetch,
    .settle = store_settle,
    .wait = store_wait,
};
