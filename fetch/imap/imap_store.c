/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A mailbox reached by IMAP (RFC 3501), with IDLE (RFC 2177), MOVE (RFC 6851) and UIDPLUS (RFC
 * 4315) where the server has them. Mails are named by their UIDs, so that none is taken for
 * another when the folder changes meanwhile.
 */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "fetch/imap/dialogue.h"
#include "fetch/imap/folder_name.h"
#include "fetch/imap/login.h"
#include "fetch/store/store.h"

/* seconds; nothing depends on the answer to LOGOUT */
enum { LOGOUT_WAIT = 5, IDLE_MAX = 25 * 60 };

enum { CHATTER_MAX = 1000 /* lines in one IDLE that are about no mail */ };

struct store {
	const struct store_settings *settings;
	struct imap_dialogue dialogue;
	size_t bytes_max;
	bool was_told_of_expunge;
};

/* --- errors ----------------------------------------------------------------------------- */

/* What the server answered instead of OK. */
static bool report(const struct store *store, enum imap_answer answer, const char *what,
		   GError **error)
{
	if (answer == IMAP_BROKEN)
		return stream_report(store->dialogue.stream, error);
	g_set_error(error, BM_ERROR, BM_ERROR_INPUT, "%s: the server says: %s", what,
		    store->dialogue.text);
	return false;
}

static enum imap_answer ask(struct store *store, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum imap_answer ask(struct store *store, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *command = g_strdup_vprintf(format, args);
	va_end(args);
	return imap_dialogue_ask(&store->dialogue, command, NULL);
}

/* --- open and close ----------------------------------------------------------------------- */

static void store_close(struct store *store)
{
	if (!stream_fault(store->dialogue.stream)) {
		store->dialogue.reply_wait = LOGOUT_WAIT;
		(void)ask(store, "LOGOUT");
	}
	imap_dialogue_clear(&store->dialogue);
	g_free(store);
}

static struct store *store_open(const struct store_opening *opening, GError **error)
{
	const struct store_settings *settings = opening->settings;
	const struct stream_server server = {.host = settings->host,
					     .port = settings->port,
					     .tls = opening->tls,
					     .is_encrypted =
						 strcmp(settings->protocol, "imaps") == 0,
					     .connect_wait = (unsigned)settings->connect_wait,
					     .stop_fd = opening->stop_fd};
	struct stream *stream = stream_connect(&server, error);

	if (!stream)
		return NULL;
	struct store *store = g_new0(struct store, 1);
	store->settings = settings;
	store->bytes_max = opening->bytes_max;
	imap_dialogue_init(&store->dialogue, stream);
	store->dialogue.reply_wait = (unsigned)settings->reply_wait;
	store->dialogue.transfer_wait = (unsigned)settings->transfer_wait;
	if (imap_login(&store->dialogue, opening, error))
		return store;
	store_close(store);
	return NULL;
}

/* --- folders ---------------------------------------------------------------------------- */

static bool is_flagging(const struct store *store)
{
	return strcmp(store->settings->recorded, "flag") == 0;
}

/* Whether a flag outlives the session. A server that does not say so keeps all. */
static bool keeps_flag(const struct store *store)
{
	const char *flags = store->dialogue.permanent_flags;
	g_autofree char *lower = g_ascii_strdown(flags ? flags : "\\*", -1);
	g_autofree char *flag = g_ascii_strdown(store->settings->flag, -1);

	return strstr(lower, flag) || (*flag != '\\' && strstr(lower, "\\*"));
}

static bool store_select(struct store *store, const char *folder, GError **error)
{
	g_autofree char *name = imap_folder_name(folder);
	struct imap_dialogue *dialogue = &store->dialogue;

	dialogue->uid_validity = 0;
	g_clear_pointer(&dialogue->permanent_flags, g_free);
	enum imap_answer answer = ask(store, "SELECT %s", name);
	if (answer != IMAP_OK)
		return report(store, answer, folder, error);
	if (imap_dialogue_has_code(dialogue, "READ-ONLY"))
		return report(store, IMAP_NO, folder, error);
	if (dialogue->uid_validity == 0) {
		g_set_error(error, BM_ERROR, BM_ERROR_INPUT,
			    "%s: the server keeps no names of mails (UIDVALIDITY)", folder);
		return false;
	}
	if (is_flagging(store) && !keeps_flag(store)) {
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
	const struct store_mail mail = {uid, (gint64)listing->uid_validity << 32 | uid};

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
static char *search_key(const struct store *store)
{
	const char *flag = store->settings->flag;

	if (is_deleting(store) && can_expunge(store))
		return g_strdup("ALL");
	if (!is_flagging(store))
		return g_strdup("UNDELETED");
	return *flag == '\\' ? g_strdup_printf("UNDELETED UN%s", flag + 1)
			     : g_strdup_printf("UNDELETED UNKEYWORD %s", flag);
}

static bool store_list(struct store *store, struct store_list *list, GError **error)
{
	struct listing listing = {list, store->dialogue.uid_validity};
	const struct imap_handler handler = {.search = on_found, .context = &listing};
	g_autofree char *key = search_key(store);
	g_autofree char *command = g_strdup_printf("UID SEARCH %s", key);
	store->dialogue.has_news = false; /* from here on it is news */
	enum imap_answer answer = imap_dialogue_ask(&store->dialogue, command, &handler);

	keep_the_oldest(list);
	return answer == IMAP_OK || report(store, answer, "SEARCH", error);
}

/* --- reading ---------------------------------------------------------------------------- */

/* "4,7:9"; the numbers ascend. */
static char *set_of(const GArray *numbers)
{
	GString *set = g_string_new(NULL);

	for (guint i = 0; i < numbers->len; i++) {
		guint32 first = g_array_index(numbers, guint32, i);
		guint32 last = first;

		while (i + 1 < numbers->len && g_array_index(numbers, guint32, i + 1) == last + 1)
			last = g_array_index(numbers, guint32, ++i);
		g_string_append_printf(set, "%s%u", set->len == 0 ? "" : ",", first);
		if (last > first)
			g_string_append_printf(set, ":%u", last);
	}
	return g_string_free(set, FALSE);
}

struct reading {
	const struct store_sink *sink;
	GArray *waiting; /* numbers that were asked for and have not come */
	size_t bytes_max;
	bool is_over; /* the sink wants no more */
};

static bool strike_out(GArray *numbers, guint32 number)
{
	for (guint i = 0; i < numbers->len; i++)
		if (g_array_index(numbers, guint32, i) == number) {
			g_array_remove_index(numbers, i);
			return true;
		}
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
					      .size = is_cut ? (size_t)size : len};

	if (!strike_out(reading->waiting, mail->uid) || reading->is_over)
		return;
	reading->is_over = !reading->sink->take(reading->sink->context, mail->uid, &content);
}

static bool store_fetch(struct store *store, const GArray *numbers, const struct store_sink *sink,
			GError **error)
{
	g_autofree char *set = set_of(numbers);
	g_autofree char *command = g_strdup_printf(
	    "UID FETCH %s (UID RFC822.SIZE BODY.PEEK[]<0.%zu>)", set, store->bytes_max);
	g_autoptr(GArray) waiting = g_array_new(FALSE, FALSE, sizeof(guint32));
	struct reading reading = {.sink = sink, .waiting = waiting, .bytes_max = store->bytes_max};
	const struct imap_handler handler = {.mail = on_mail,
					     .context = &reading,
					     .mails_max = numbers->len,
					     .body_max = store->bytes_max};

	g_array_append_vals(waiting, numbers->data, numbers->len);
	/* a NO is about single mails: they have not come, and the caller sees it */
	return imap_dialogue_ask(&store->dialogue, command, &handler) != IMAP_BROKEN ||
	       stream_report(store->dialogue.stream, error);
}

/* --- afterwards ------------------------------------------------------------------------- */

/* What the server says it can, and does not know when it is asked, it cannot. */
static bool is_known(struct store *store, enum imap_answer answer, enum imap_capability capability)
{
	if (answer == IMAP_BAD)
		store->dialogue.capabilities &= ~(unsigned)capability;
	return answer != IMAP_BAD;
}

/* Only what we have marked is removed: a plain EXPUNGE would take with it what others have. */
static bool expunge(struct store *store, const char *set, GError **error)
{
	enum imap_answer answer = ask(store, "UID STORE %s +FLAGS.SILENT (\\Deleted)", set);
	enum imap_answer removal = IMAP_BAD;

	if (answer != IMAP_OK)
		return report(store, answer, "delete", error);
	if (can_expunge(store))
		removal = ask(store, "UID EXPUNGE %s", set);
	if (is_known(store, removal, IMAP_CAN_UIDPLUS))
		return removal == IMAP_OK || report(store, removal, "delete", error);
	if (!store->was_told_of_expunge) {
		store->was_told_of_expunge = true;
		log_event(LOG_LEVEL_WARNING, "",
			  "%s: the server cannot expunge single mails (UIDPLUS): they stay, marked "
			  "\\Deleted",
			  store->settings->name);
	}
	return true;
}

static bool move(struct store *store, const char *set, const char *folder, GError **error)
{
	bool can_move = (store->dialogue.capabilities & IMAP_CAN_MOVE) != 0;
	const char *verb = can_move ? "MOVE" : "COPY";
	g_autofree char *name = imap_folder_name(folder);
	g_autofree char *what = g_strdup_printf("%s to %s", can_move ? "move" : "copy", folder);
	enum imap_answer answer = ask(store, "UID %s %s %s", verb, set, name);
	g_autofree char *reason = g_strdup(store->dialogue.text);

	if (answer == IMAP_NO && !imap_dialogue_has_code(&store->dialogue, "OVERQUOTA")) {
		answer = ask(store, "CREATE %s", name);
		if (answer == IMAP_OK)
			answer = ask(store, "UID %s %s %s", verb, set, name);
		else if (answer != IMAP_BROKEN) { /* it was there */
			g_free(store->dialogue.text);
			store->dialogue.text = g_steal_pointer(&reason);
		}
	}
	if (can_move && !is_known(store, answer, IMAP_CAN_MOVE))
		return move(store, set, folder, error);
	if (answer != IMAP_OK)
		return report(store, answer, what, error);
	return can_move || expunge(store, set, error);
}

static bool mark(struct store *store, const char *set, GError **error)
{
	enum imap_answer answer =
	    ask(store, "UID STORE %s +FLAGS.SILENT (%s)", set, store->settings->flag);

	return answer == IMAP_OK || report(store, answer, "flag", error);
}

static bool settle_recorded(struct store *store, const char *set, GError **error)
{
	if (is_flagging(store))
		return mark(store, set, error);
	if (is_deleting(store))
		return expunge(store, set, error);
	return move(store, set, store->settings->recorded_folder, error);
}

static bool store_settle(struct store *store, const GArray *numbers, enum store_fate fate,
			 GError **error)
{
	g_autofree char *set = set_of(numbers);

	switch (fate) {
	case STORE_RECORDED:
		return settle_recorded(store, set, error);
	case STORE_UNCLASSIFIED:
		return move(store, set, store->settings->unclassified_folder, error);
	case STORE_FAILED:
		return move(store, set, store->settings->failed_folder, error);
	}
	g_assert_not_reached();
}

/* --- waiting -------------------------------------------------------------------------------- */

/* Reads what the server says until it is about mails. One that never falls silent would keep us
 * from looking at the clock, at wake_fd and into the folder. */
static enum wire_event await_news(struct store *store, int wake_fd)
{
	struct imap_dialogue *dialogue = &store->dialogue;
	gint64 deadline = wire_deadline(MIN((unsigned)store->settings->poll_interval, IDLE_MAX));
	enum wire_event event = WIRE_READABLE;

	for (unsigned lines = 0;
	     event == WIRE_READABLE && !dialogue->has_news && lines < CHATTER_MAX; lines++) {
		event = stream_wait(dialogue->stream, wake_fd, deadline);
		if (event == WIRE_READABLE && !imap_dialogue_hear_news(dialogue))
			break;
	}
	return event;
}

/* RFC 2177: a server may give up who says nothing for 30 minutes, so IDLE is said again before
 * that. A server that goes silent, or that has forgotten us, is found out when it does not answer
 * to DONE; what it did not tell is seen by the look that follows. */
static bool idle(struct store *store, int wake_fd, enum wire_event *event_out)
{
	struct imap_dialogue *dialogue = &store->dialogue;

	enum imap_answer answer = imap_dialogue_ask(dialogue, "IDLE", NULL);
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
	gint64 deadline = wire_deadline((unsigned)store->settings->poll_interval);
	enum wire_event event = WIRE_TIME_OVER;

	if ((store->dialogue.capabilities & IMAP_CAN_IDLE) == 0)
		event = stream_wait(store->dialogue.stream, wake_fd, deadline);
	else if (!idle(store, wake_fd, &event))
		stream_report(store->dialogue.stream, error);
	return event == WIRE_WOKEN ? STORE_WOKEN : STORE_LOOK;
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
