/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mails come in batches, because a round trip for each would be most of the time. One that has
 * failed before comes alone, so that it harms no other.
 */
#include "fetch/folder_scan.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "fetch/done_mails.h"
#include "fetch/store/short_hash.h"
#include "fetch/unrecorded_mails.h"

enum {
	LIST_MAX = 500,             /* mails that are looked at together */
	BATCH_MAX = DB_RECORDS_MAX, /* mails that are asked for together */
	AWAY_MAX = 3,               /* mails in a row without a database, then the rest waits */
	LACK_MAX = 200,             /* mails in a row that are named and not given */
};

/* A mail that was asked for. */
struct asked {
	struct store_mail mail;
	bool has_come;
	gint64 digest;     /* once it has come */
	bool is_ambiguous; /* another one came with its name */
};

struct batch {
	struct folder_scan *scan;
	GArray *asked;                      /* struct asked */
	struct unrecorded_mails unrecorded; /* come, and not recorded */
	struct done_mails done;             /* to be settled */
	unsigned away;
	bool is_server_away; /* the operator's */
};

/* --- one mail ------------------------------------------------------------------------------- */

static char *deed_name(const struct folder_scan *scan, guint32 number)
{
	return g_strdup_printf("%s:%u", scan->settings->name, number);
}

/* It has failed before, and may break the connection once more. */
static bool is_suspected(const struct folder_scan *scan, const struct store_mail *mail)
{
	return known_mails_is_suspected(scan->known, mail->key);
}

static bool is_last_try(const struct folder_scan *scan, gint64 key)
{
	return known_mails_failures(scan->known, key) + 1 >= (unsigned)scan->settings->tries;
}

static void add_fate(struct batch *batch, const struct known_mails_deed *deed)
{
	known_mails_set_deed(batch->scan->known, deed);
	done_mails_add(&batch->done, deed->fate, &deed->mail);
}

/* POP3 has no folder for it: it is not read again. */
static void give_up(struct batch *batch, const struct known_mails_deed *deed)
{
	if (mailbox_settings_is_pop3(batch->scan->settings))
		known_mails_leave(batch->scan->known, deed->mail.key);
	else
		add_fate(batch, deed);
}

static void fail_deed(struct batch *batch, const struct known_mails_deed *deed,
		      enum known_mails_blame blame, const char *why)
{
	const struct store_mail *mail = &deed->mail;
	struct folder_scan *scan = batch->scan;
	g_autofree char *name = deed_name(scan, mail->number);
	const struct known_mails_failure failure = {mail->key, blame,
						    g_atomic_int_get(&scan->mail_intake->recorded)};
	unsigned tries = known_mails_fail(scan->known, &failure);
	const struct known_mails_deed end = {*mail, deed->digest, STORE_FAILED};

	scan->failed++;
	if (tries < (unsigned)scan->settings->tries) {
		log_event(LOG_LEVEL_WARNING, name, "stays, and is tried again: %s", why);
		return;
	}
	log_event(LOG_LEVEL_ERROR, name, "given up after %u tries, %s %s: %s", tries,
		  mailbox_settings_is_pop3(scan->settings) ? "it stays in" : "moved to",
		  mailbox_settings_is_pop3(scan->settings) ? "the mailbox"
							   : scan->settings->failed_folder,
		  why);
	give_up(batch, &end);
}

static void fail_unread(struct batch *batch, const struct store_mail *mail,
			enum known_mails_blame blame, const char *why)
{
	const struct known_mails_deed deed = {.mail = *mail};

	fail_deed(batch, &deed, blame, why);
}

static void apply_deed(struct batch *batch, struct known_mails_deed *deed,
		       enum mail_intake_outcome outcome, const GError *error)
{
	struct folder_scan *scan = batch->scan;

	batch->away = outcome == MAIL_INTAKE_AWAY ? batch->away + 1 : 0;
	scan->done += outcome != MAIL_INTAKE_REFUSED && outcome != MAIL_INTAKE_HANDED_ON &&
		      outcome != MAIL_INTAKE_AWAY;
	switch (outcome) {
	case MAIL_INTAKE_RECORDED:
		deed->fate = STORE_RECORDED;
		add_fate(batch, deed);
		break;
	case MAIL_INTAKE_UNCLASSIFIED:
		deed->fate = STORE_UNCLASSIFIED;
		add_fate(batch, deed);
		break;
	case MAIL_INTAKE_STAYS:
		known_mails_leave(scan->known, deed->mail.key);
		break;
	case MAIL_INTAKE_UNSENT:
		batch->is_server_away = true;
		fail_deed(batch, deed, KNOWN_MAILS_BLAMES_OTHERS, error->message);
		break;
	case MAIL_INTAKE_REFUSED:
	case MAIL_INTAKE_HANDED_ON:
		fail_deed(batch, deed, KNOWN_MAILS_BLAMES_THE_MAIL, error->message);
		break;
	case MAIL_INTAKE_AWAY:
		fail_deed(batch, deed, KNOWN_MAILS_BLAMES_PERHAPS, error->message);
		break;
	}
}

static struct asked *find_asked(const struct batch *batch, guint32 number)
{
	for (guint i = 0; i < batch->asked->len; i++) {
		struct asked *asked = &g_array_index(batch->asked, struct asked, i);

		if (asked->mail.number == number)
			return asked;
	}
	return NULL;
}

static bool may_go_on(const struct batch *batch)
{
	return batch->away < AWAY_MAX && !batch->scan->is_stopping(batch->scan->context);
}

/* Without a database three are blamed, and the rest is as if it had not come. */
static void record_held(struct batch *batch)
{
	unrecorded_mails_record(&batch->unrecorded, batch->scan->mail_intake);
	for (guint i = 0; i < batch->unrecorded.mails->len; i++) {
		struct unrecorded_mail *mail = batch->unrecorded.mails->pdata[i];

		if (mail->result.outcome != MAIL_INTAKE_AWAY || batch->away < AWAY_MAX)
			apply_deed(batch, &mail->deed, mail->result.outcome, mail->result.error);
	}
	unrecorded_mails_forget_all(&batch->unrecorded);
}

static void take_mail(struct batch *batch, const struct known_mails_deed *deed,
		      const struct store_content *content)
{
	struct folder_scan *scan = batch->scan;
	bool is_pop3 = mailbox_settings_is_pop3(scan->settings);
	g_autofree char *name = deed_name(scan, deed->mail.number);

	if (unrecorded_mails_is_full(&batch->unrecorded, content->len))
		record_held(batch);
	/* what lies in a mailbox came over the Internet, whatever it says of itself */
	const struct mail_intake_mail mail = {.source = is_pop3 ? "pop3" : "imap",
					      .name = name,
					      .content = content,
					      .own_mta =
						  strcmp(scan->settings->own_mta, "yes") == 0,
					      .keeps_original = !is_pop3,
					      .may_send = !batch->is_server_away,
					      .is_last_try = is_last_try(scan, deed->mail.key)};
	unrecorded_mails_add(&batch->unrecorded, deed, &mail);
	if (content->len > DB_RECORDS_BYTES_MAX)
		record_held(batch);
}

static void take_known_or_new(struct batch *batch, const struct asked *asked,
			      const struct store_content *content)
{
	struct known_mails_deed deed = {.mail = asked->mail, .digest = asked->digest};

	if (known_mails_recall(batch->scan->known, &deed))
		add_fate(batch, &deed);
	else
		take_mail(batch, &deed, content);
}

/* No mail is without a header (RFC 5322 section 3.6): a server that has none at hand now may have
 * it later. NULL: nothing is wrong with it. */
static const char *fault_of(const struct store_content *content)
{
	if (content->fault || content->len > 0)
		return content->fault;
	return "the server gives it without a byte";
}

static bool on_content(void *context, guint32 number, const struct store_content *content)
{
	struct batch *batch = context;
	const char *fault = fault_of(content);
	struct folder_scan *scan = batch->scan;
	struct asked *asked = find_asked(batch, number);

	if (!asked)
		return true;
	gint64 digest = fault ? 0 : short_hash_of(content->bytes, content->len);
	if (asked->has_come) {
		asked->is_ambiguous |= digest != asked->digest;
		return may_go_on(batch);
	}
	asked->has_come = true;
	asked->digest = digest;
	asked->mail.is_copied = content->is_copied;
	scan->lacking = fault ? scan->lacking + 1 : 0;
	if (fault)
		fail_unread(batch, &asked->mail, KNOWN_MAILS_BLAMES_THE_MAIL, fault);
	else
		take_known_or_new(batch, asked, content);
	return may_go_on(batch);
}

/* --- one batch -------------------------------------------------------------------------------- */

static void batch_init(struct batch *batch, struct folder_scan *scan)
{
	const struct done_mails_folder folder = {.class = scan->class,
						 .store = scan->store,
						 .settings = scan->settings,
						 .name = scan->folder,
						 .known = scan->known};

	*batch = (struct batch){.scan = scan};
	batch->asked = g_array_new(FALSE, FALSE, sizeof(struct asked));
	unrecorded_mails_init(&batch->unrecorded);
	done_mails_init(&batch->done, &folder);
}

static void batch_clear(struct batch *batch)
{
	g_array_unref(batch->asked);
	unrecorded_mails_clear(&batch->unrecorded);
	done_mails_clear(&batch->done);
}

/* Those that did not come. Where the connection broke, the next one may be why. */
static void fail_missing(struct batch *batch, bool is_broken, const char *why)
{
	enum known_mails_blame blame =
	    is_broken ? KNOWN_MAILS_BLAMES_PERHAPS : KNOWN_MAILS_BLAMES_THE_MAIL;

	for (guint i = 0; i < batch->asked->len; i++) {
		const struct asked *asked = &g_array_index(batch->asked, struct asked, i);

		if (asked->has_come)
			continue;
		batch->scan->lacking += !is_broken;
		fail_unread(batch, &asked->mail, blame, why);
		if (is_broken)
			return;
	}
}

static GArray *numbers_of(const GArray *asked)
{
	GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint i = 0; i < asked->len; i++)
		g_array_append_val(numbers, g_array_index(asked, struct asked, i).mail.number);
	return numbers;
}

/* Each of them costs a line of the log, and a server can name millions. */
static bool check_lacking(struct batch *batch, GError **error)
{
	if (!may_go_on(batch))
		return true;
	fail_missing(batch, false, "the server did not give it");
	if (batch->scan->lacking <= LACK_MAX)
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_RETRY,
		    "the server names mails that it does not give");
	return false;
}

/* What has the name of another mail, which was not read, would go with it. */
static void keep_ambiguous(struct batch *batch)
{
	unsigned kept = 0;

	for (guint i = 0; i < batch->asked->len; i++) {
		const struct asked *asked = &g_array_index(batch->asked, struct asked, i);

		if (!asked->is_ambiguous)
			continue;
		done_mails_remove(&batch->done, asked->mail.number);
		known_mails_wait(batch->scan->known, asked->mail.key);
		kept++;
	}
	if (kept > 0)
		done_mails_leave(&batch->done, kept, "the server gives several the same name");
}

static bool read_batch(struct batch *batch, GError **error)
{
	const struct store_sink sink = {.take = on_content, .context = batch};
	struct folder_scan *scan = batch->scan;
	g_autoptr(GArray) numbers = numbers_of(batch->asked);
	g_autoptr(GError) cause = NULL;
	bool is_read = numbers->len == 0 || scan->class->fetch(scan->store, numbers, &sink, &cause);

	record_held(batch);
	keep_ambiguous(batch);
	if (is_read)
		return check_lacking(batch, error);
	fail_missing(batch, true, cause->message);
	g_propagate_error(error, g_steal_pointer(&cause));
	return false;
}

/* Fills the batch from the mails that begin at *index. Those that were given up are not read. */
static void collect_batch(struct batch *batch, const GArray *mails, guint *index)
{
	while (*index < mails->len && batch->asked->len < BATCH_MAX) {
		const struct asked asked = {.mail =
						g_array_index(mails, struct store_mail, *index)};
		bool is_suspect = is_suspected(batch->scan, &asked.mail);

		if (is_suspect && batch->asked->len > 0)
			return;
		++*index;
		if (known_mails_is_given_up(batch->scan->known, asked.mail.key))
			done_mails_add(&batch->done, STORE_FAILED, &asked.mail);
		else
			g_array_append_val(batch->asked, asked);
		if (is_suspect)
			return;
	}
}

/* --- one scan ------------------------------------------------------------------------------- */

static bool is_wanted(void *context, gint64 key)
{
	return known_mails_is_wanted(context, key);
}

static bool take_batch(struct folder_scan *scan, const GArray *mails, guint *index, GError **error)
{
	struct batch batch;

	batch_init(&batch, scan);
	collect_batch(&batch, mails, index);
	bool is_good = done_mails_settle(&batch.done, error) && read_batch(&batch, error) &&
		       done_mails_settle(&batch.done, error);
	scan->settled += batch.done.settled;
	scan->failed += batch.done.left;
	if (batch.away >= AWAY_MAX)
		scan->has_no_database = true;
	batch_clear(&batch);
	return is_good;
}

static bool must_end(const struct folder_scan *scan)
{
	return scan->must_reopen || scan->has_no_database || scan->is_stopping(scan->context);
}

/* Where only the end of a session makes it so, it ends before a mail that may break it. */
static bool is_session_over(const struct folder_scan *scan, const GArray *mails, guint index)
{
	if (scan->class->session_max == 0 || scan->settled == 0)
		return false;
	return scan->settled >= scan->class->session_max ||
	       (index < mails->len &&
		is_suspected(scan, &g_array_index(mails, struct store_mail, index)));
}

static bool take_mails(struct folder_scan *scan, const GArray *mails, size_t total, GError **error)
{
	for (guint index = 0; index < mails->len && !must_end(scan);) {
		if (!take_batch(scan, mails, &index, error))
			return false;
		if (scan->on_progress)
			scan->on_progress(scan->context, scan->done + scan->failed, total);
		scan->must_reopen = is_session_over(scan, mails, index);
	}
	return true;
}

/* The suspects last. */
static void put_in_order(const struct folder_scan *scan, GArray *mails)
{
	g_autoptr(GArray) suspects = g_array_new(FALSE, FALSE, sizeof(struct store_mail));
	guint kept = 0;

	for (guint i = 0; i < mails->len; i++) {
		struct store_mail mail = g_array_index(mails, struct store_mail, i);

		if (is_suspected(scan, &mail))
			g_array_append_val(suspects, mail);
		else
			g_array_index(mails, struct store_mail, kept++) = mail;
	}
	g_array_set_size(mails, kept);
	g_array_append_vals(mails, suspects->data, suspects->len);
}

static guint32 highest(const GArray *mails)
{
	guint32 number = 0;

	for (guint i = 0; i < mails->len; i++)
		number = MAX(number, g_array_index(mails, struct store_mail, i).number);
	return number;
}

bool folder_scan_run(struct folder_scan *scan, GError **error)
{
	g_autoptr(GArray) mails = g_array_new(FALSE, FALSE, sizeof(struct store_mail));
	struct store_list list = {
	    .is_wanted = is_wanted, .context = scan->known, .max = LIST_MAX, .mails = mails};
	size_t total = 0;

	known_mails_begin_round(scan->known, g_get_monotonic_time());
	do {
		g_array_set_size(mails, 0);
		list.total = 0;
		if (!scan->class->list(scan->store, &list, error))
			return false;
		if (total == 0)
			known_mails_forget_absent(scan->known);
		total = MAX(total, list.total);
		list.after = highest(mails);
		put_in_order(scan, mails);
		if (!take_mails(scan, mails, total, error))
			return false;
	} while (mails->len > 0 && !must_end(scan));
	return true;
}
