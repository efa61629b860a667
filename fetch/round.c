/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mails come in batches, because a round trip for each would be most of the time. One that has
 * failed before comes alone, so that it harms no other.
 */
#include "fetch/round.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"

enum {
	LIST_MAX = 500, /* mails that are looked at together */
	BATCH_MAX = 25, /* mails that are asked for together */
	AWAY_MAX = 3,   /* mails in a row without a database, then the rest waits */
	FATES = STORE_FAILED + 1,
};

struct batch {
	struct round *round;
	GArray *waiting;      /* struct store_mail: asked for, and not come */
	GArray *fates[FATES]; /* numbers to be settled */
	unsigned away;
	bool is_server_away; /* the operator's */
};

/* --- one mail ------------------------------------------------------------------------------- */

static char *name_of(const struct round *round, guint32 number)
{
	return g_strdup_printf("%s:%u", round->settings->name, number);
}

/* It has failed before, and may break the connection once more. */
static bool is_suspected(const struct round *round, const struct store_mail *mail)
{
	enum store_fate fate;

	return memory_failures(round->memory, mail->key) > 0 &&
	       !memory_get_fate(round->memory, mail->key, &fate);
}

static bool is_last_try(const struct round *round, gint64 key)
{
	return memory_failures(round->memory, key) + 1 >= (unsigned)round->settings->tries;
}

static void add_fate(struct batch *batch, const struct store_mail *mail, enum store_fate fate)
{
	memory_set_fate(batch->round->memory, mail->key, fate);
	g_array_append_val(batch->fates[fate], mail->number);
}

static void fail(struct batch *batch, const struct store_mail *mail, enum memory_blame blame,
		 const char *why)
{
	struct round *round = batch->round;
	g_autofree char *name = name_of(round, mail->number);
	const struct memory_failure failure = {mail->key, blame,
					       g_atomic_int_get(&round->taking->recorded)};
	unsigned tries = memory_fail(round->memory, &failure);

	round->failed++;
	if (tries < (unsigned)round->settings->tries) {
		log_event(LOG_LEVEL_WARNING, name, "stays, and is tried again: %s", why);
		return;
	}
	log_event(LOG_LEVEL_ERROR, name, "given up after %u tries, %s %s: %s", tries,
		  store_settings_is_pop3(round->settings) ? "it stays in" : "moved to",
		  store_settings_is_pop3(round->settings) ? "the mailbox"
							  : round->settings->failed_folder,
		  why);
	add_fate(batch, mail, STORE_FAILED);
}

static void apply(struct batch *batch, const struct store_mail *mail, enum taking_outcome outcome,
		  const GError *error)
{
	struct round *round = batch->round;

	batch->away = outcome == TAKING_AWAY ? batch->away + 1 : 0;
	round->done +=
	    outcome != TAKING_REFUSED && outcome != TAKING_HANDED_ON && outcome != TAKING_AWAY;
	switch (outcome) {
	case TAKING_RECORDED:
		add_fate(batch, mail, STORE_RECORDED);
		break;
	case TAKING_UNCLASSIFIED:
		add_fate(batch, mail, STORE_UNCLASSIFIED);
		break;
	case TAKING_STAYS:
		memory_leave(round->memory, mail->key);
		break;
	case TAKING_UNSENT:
		batch->is_server_away = true;
		fail(batch, mail, MEMORY_BLAMES_OTHERS, error->message);
		break;
	case TAKING_REFUSED:
	case TAKING_HANDED_ON:
		fail(batch, mail, MEMORY_BLAMES_THE_MAIL, error->message);
		break;
	case TAKING_AWAY:
		fail(batch, mail, MEMORY_BLAMES_PERHAPS, error->message);
		break;
	}
}

static bool strike_out(GArray *mails, guint32 number, struct store_mail *mail_out)
{
	for (guint i = 0; i < mails->len; i++) {
		*mail_out = g_array_index(mails, struct store_mail, i);
		if (mail_out->number == number) {
			g_array_remove_index(mails, i);
			return true;
		}
	}
	return false;
}

static bool may_go_on(const struct batch *batch)
{
	return batch->away < AWAY_MAX && !batch->round->is_stopping(batch->round->context);
}

static bool on_content(void *context, guint32 number, const struct store_content *content)
{
	struct batch *batch = context;
	struct round *round = batch->round;
	g_autofree char *name = name_of(round, number);
	g_autoptr(GError) error = NULL;
	struct store_mail mail;

	if (!strike_out(batch->waiting, number, &mail))
		return true;
	if (content->fault) {
		fail(batch, &mail, MEMORY_BLAMES_THE_MAIL, content->fault);
		return may_go_on(batch);
	}
	bool is_pop3 = store_settings_is_pop3(round->settings);
	/* what lies in a mailbox came over the Internet, whatever it says of itself */
	const struct taking_mail taken = {.source = is_pop3 ? "pop3" : "imap",
					  .name = name,
					  .content = content,
					  .own_mta = strcmp(round->settings->own_mta, "yes") == 0,
					  .keeps_original = !is_pop3,
					  .may_send = !batch->is_server_away,
					  .is_last_try = is_last_try(round, mail.key)};
	enum taking_outcome outcome = taking_take(round->taking, &taken, &error);
	apply(batch, &mail, outcome, error);
	return may_go_on(batch);
}

/* --- one batch -------------------------------------------------------------------------------- */

static void batch_init(struct batch *batch, struct round *round)
{
	*batch = (struct batch){.round = round};
	batch->waiting = g_array_new(FALSE, FALSE, sizeof(struct store_mail));
	for (size_t i = 0; i < FATES; i++)
		batch->fates[i] = g_array_new(FALSE, FALSE, sizeof(guint32));
}

static void batch_clear(struct batch *batch)
{
	g_array_unref(batch->waiting);
	for (size_t i = 0; i < FATES; i++)
		g_array_unref(batch->fates[i]);
}

/* Those that did not come. Where the connection broke, the next one may be why. */
static void fail_missing(struct batch *batch, bool is_broken, const char *why)
{
	enum memory_blame blame = is_broken ? MEMORY_BLAMES_PERHAPS : MEMORY_BLAMES_THE_MAIL;

	for (guint i = 0; i < batch->waiting->len && (i == 0 || !is_broken); i++)
		fail(batch, &g_array_index(batch->waiting, struct store_mail, i), blame, why);
}

static bool read_batch(struct batch *batch, GError **error)
{
	const struct store_sink sink = {.take = on_content, .context = batch};
	struct round *round = batch->round;
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GError) cause = NULL;

	for (guint i = 0; i < batch->waiting->len; i++)
		g_array_append_val(numbers,
				   g_array_index(batch->waiting, struct store_mail, i).number);
	if (numbers->len == 0 || round->class->fetch(round->store, numbers, &sink, &cause)) {
		if (may_go_on(batch))
			fail_missing(batch, false, "the server did not give it");
		return true;
	}
	fail_missing(batch, true, cause->message);
	g_propagate_error(error, g_steal_pointer(&cause));
	return false;
}

/* What the server refuses to move stays for the next round, and need not be read again. */
static bool settle(struct batch *batch, enum store_fate fate, GError **error)
{
	struct round *round = batch->round;
	g_autoptr(GError) cause = NULL;

	if (batch->fates[fate]->len == 0 ||
	    round->class->settle(round->store, batch->fates[fate], fate, &cause)) {
		round->settled += batch->fates[fate]->len;
		g_array_set_size(batch->fates[fate], 0);
		return true;
	}
	if (cause->code != BM_ERROR_INPUT) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	round->failed += batch->fates[fate]->len;
	log_event(LOG_LEVEL_ERROR, "", "%s: %u mails stay in %s: %s", round->settings->name,
		  batch->fates[fate]->len, round->folder, cause->message);
	g_array_set_size(batch->fates[fate], 0);
	return true;
}

static bool settle_all(struct batch *batch, GError **error)
{
	for (size_t fate = 0; fate < FATES; fate++)
		if (!settle(batch, (enum store_fate)fate, error))
			return false;
	return true;
}

/* Fills the batch from the mails that begin at *index. Those of known fate are not read again. */
static void collect(struct batch *batch, const GArray *mails, guint *index)
{
	struct round *round = batch->round;

	while (*index < mails->len && batch->waiting->len < BATCH_MAX) {
		const struct store_mail *mail = &g_array_index(mails, struct store_mail, *index);
		bool is_suspect = is_suspected(round, mail);
		enum store_fate fate;

		if (is_suspect && batch->waiting->len > 0)
			return;
		++*index;
		if (memory_get_fate(round->memory, mail->key, &fate))
			add_fate(batch, mail, fate);
		else
			g_array_append_val(batch->waiting, *mail);
		if (is_suspect)
			return;
	}
}

/* --- one round ----------------------------------------------------------------------------------
 */

static bool is_wanted(void *context, gint64 key)
{
	return memory_is_wanted(context, key);
}

static bool take_batch(struct round *round, const GArray *mails, guint *index, GError **error)
{
	struct batch batch;

	batch_init(&batch, round);
	collect(&batch, mails, index);
	bool is_good =
	    settle_all(&batch, error) && read_batch(&batch, error) && settle_all(&batch, error);
	if (batch.away >= AWAY_MAX)
		round->has_no_database = true;
	batch_clear(&batch);
	return is_good;
}

static bool must_end(const struct round *round)
{
	return round->must_reopen || round->has_no_database || round->is_stopping(round->context);
}

/* Where only the end of a session makes it so, it ends before a mail that may break it. */
static bool is_session_over(const struct round *round, const GArray *mails, guint index)
{
	if (round->class->session_max == 0 || round->settled == 0)
		return false;
	return round->settled >= round->class->session_max ||
	       (index < mails->len &&
		is_suspected(round, &g_array_index(mails, struct store_mail, index)));
}

static bool take_mails(struct round *round, const GArray *mails, size_t total, GError **error)
{
	for (guint index = 0; index < mails->len && !must_end(round);) {
		if (!take_batch(round, mails, &index, error))
			return false;
		if (round->on_progress)
			round->on_progress(round->context, round->done + round->failed, total);
		round->must_reopen = is_session_over(round, mails, index);
	}
	return true;
}

/* The suspects last. */
static void put_in_order(const struct round *round, GArray *mails)
{
	g_autoptr(GArray) suspects = g_array_new(FALSE, FALSE, sizeof(struct store_mail));
	guint kept = 0;

	for (guint i = 0; i < mails->len; i++) {
		struct store_mail mail = g_array_index(mails, struct store_mail, i);

		if (is_suspected(round, &mail))
			g_array_append_val(suspects, mail);
		else
			g_array_index(mails, struct store_mail, kept++) = mail;
	}
	g_array_set_size(mails, kept);
	g_array_append_vals(mails, suspects->data, suspects->len);
}

bool round_run(struct round *round, GError **error)
{
	g_autoptr(GArray) mails = g_array_new(FALSE, FALSE, sizeof(struct store_mail));
	struct store_list list = {
	    .is_wanted = is_wanted, .context = round->memory, .max = LIST_MAX, .mails = mails};
	size_t total = 0;

	memory_begin_round(round->memory);
	do {
		g_array_set_size(mails, 0);
		list.total = 0;
		if (!round->class->list(round->store, &list, error))
			return false;
		if (total == 0)
			memory_forget_absent(round->memory);
		total = MAX(total, list.total);
		put_in_order(round, mails);
		if (!take_mails(round, mails, total, error))
			return false;
	} while (mails->len > 0 && !must_end(round));
	return true;
}
