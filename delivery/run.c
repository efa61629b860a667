/* SPDX-License-Identifier: BSD-2-Clause
 *
 * While the server thinks about a message's envelope, the database settles the one
 * before it and begins this one; only the content waits for that commit.
 */
#include "delivery/run.h"

#include "base/error.h"
#include "base/log.h"
#include "delivery/compose.h"
#include "delivery/outcome.h"

enum {
	SETTLE_DELAY_MAX = 15, /* seconds between two tries to reach the database */
	STOP_PATIENCE = 30,    /* seconds that an outcome is tried to be written at stop */
	SIZE_OF_HEADER = 2048, /* added to the size of the content for SIZE (RFC 1870) */
	CLOSING = 421, /* RFC 5321 section 3.8: the server ends the connection, whatever was said */
};

enum stage {
	STAGE_CLAIMED,
	STAGE_BEGUN, /* may be begun in the database; nothing of it was sent */
	STAGE_SENT,  /* its content was given away */
	STAGE_ENDED, /* what became of it is known */
};

struct run {
	const struct run_context *context;
	GPtrArray *items;   /* struct db_item */
	enum stage *stages; /* by item */
	char **refused;     /* by item: outcomes of those refused, their sender or by us; NULL for
			       others */
	char *unsettled;    /* outcomes not written yet, of the item before */
	const char *unsettled_claim;
	gssize asked;   /* the item whose begin the database has not answered yet; -1: none */
	bool is_broken; /* nothing more is begun */
	bool was_mail_taken;
	char *sender_fault;
};

static bool is_stopping(const struct run *run)
{
	return g_atomic_int_get(run->context->is_stopping) != 0;
}

static bool may_repeat(const GError *error)
{
	return error->code == BM_ERROR_RETRY || error->code == BM_ERROR_UNCERTAIN;
}

static void log_failure(const struct run *run, const GError *error)
{
	log_event(LOG_LEVEL_ERROR, run->unsettled_claim != NULL ? run->unsettled_claim : "",
		  "settle: %s", error->message);
}

/* --- the database ------------------------------------------------------------------ */

/* What is unsettled is settled, as often as it takes. False: it cannot be. */
static bool settle(struct run *run)
{
	gint64 until = g_get_monotonic_time() + (gint64)STOP_PATIENCE * G_USEC_PER_SEC;

	for (unsigned delay = 1;; delay = MIN(delay * 2, SETTLE_DELAY_MAX)) {
		const struct db_settlement done = {.claim_id = run->unsettled_claim,
						   .outcomes = run->unsettled};
		g_autoptr(GError) error = NULL;

		if (db_queue_step(run->context->queue, &done, NULL, NULL, &error))
			return true;
		log_failure(run, error);
		if (!may_repeat(error) || (is_stopping(run) && g_get_monotonic_time() > until))
			return false;
		g_usleep((gulong)delay * G_USEC_PER_SEC);
	}
}

static void settle_now(struct run *run)
{
	if (run->unsettled != NULL && !settle(run))
		log_event(LOG_LEVEL_ERROR, run->unsettled_claim,
			  "outcome could not be recorded and will be unknown: %s", run->unsettled);
	g_clear_pointer(&run->unsettled, g_free);
}

/* Takes outcomes. */
static void set_unsettled(struct run *run, const struct db_item *item, char *outcomes)
{
	settle_now(run); /* usually done already by the begin of this one */
	run->unsettled = outcomes;
	run->unsettled_claim = item->claim_id;
}

/* Asks the database to settle what is unsettled and to begin this item, if there is one
 * behind the last, and does not wait. */
static void ask_begin(struct run *run, size_t index)
{
	const struct db_settlement done = {.claim_id = run->unsettled_claim,
					   .outcomes = run->unsettled};
	const struct db_item *next = index < run->items->len ? run->items->pdata[index] : NULL;
	g_autoptr(GError) error = NULL;

	run->is_broken = run->is_broken || (next != NULL && is_stopping(run));
	if (run->is_broken)
		return;
	if (next != NULL)
		run->stages[index] = STAGE_BEGUN;
	if (db_queue_step_ask(run->context->queue, run->unsettled != NULL ? &done : NULL, next,
			      &error)) {
		run->asked = (gssize)index;
		return;
	}
	log_failure(run, error);
	run->is_broken = true;
}

/* The answer: what to send, or NULL: then nothing more is begun. With the connection
 * to the server open, nobody waits long for the database. */
static struct db_content *hear_begin(struct run *run)
{
	struct db_content *content = NULL;
	g_autoptr(GError) error = NULL;

	if (run->asked < 0)
		return NULL;
	run->asked = -1;
	if (db_queue_step_hear(run->context->queue, &content, &error))
		g_clear_pointer(&run->unsettled, g_free);
	else
		log_failure(run, error);
	run->is_broken = run->is_broken || content == NULL;
	return content;
}

/* --- while the connection to the server stands ---------------------------------------- */

/* What cannot be composed now never can: refused, as a server would that cannot read it. */
static char *uncomposable(const struct run *run, const struct db_item *item, const GError *error)
{
	g_autofree char *text =
	    g_strdup_printf("not sent, it cannot be composed: %s", error->message);
	g_autofree struct smtp_reply *none =
	    g_new0(struct smtp_reply, g_strv_length(item->addresses));
	const struct smtp_result result = {.mail = {.code = 554, .status = "5.6.0", .text = text},
					   .recipients = none};

	log_event(LOG_LEVEL_ERROR, item->communication_id, "%s", text);
	return outcome_document(run->context->rules, run->context->server, item, &result);
}

static GBytes *begin_item(void *context, size_t index)
{
	struct run *run = context;
	const struct db_item *item = run->items->pdata[index];
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GError) error = NULL;

	if (run->asked < 0)
		ask_begin(run, index);
	g_autoptr(db_content_t) content = hear_begin(run);
	if (content == NULL)
		return NULL;
	run->was_mail_taken = true;
	GBytes *bytes = compose_message(content, now, &error);
	if (bytes != NULL) {
		run->stages[index] = STAGE_SENT;
		return bytes;
	}
	run->refused[index] = uncomposable(run, item, error);
	run->is_broken = true; /* only a lost connection ends what was begun */
	return NULL;
}

static void log_outcomes(const struct db_item *item, const struct smtp_result *result)
{
	for (size_t i = 0; item->addresses[i] != NULL; i++) {
		struct smtp_reply reply = {.text = ""};
		enum outcome outcome = outcome_of(result, i, &reply);
		g_autofree char *address = log_quote(item->addresses[i]);
		g_autofree char *text = log_quote(reply.text);

		log_event(LOG_LEVEL_INFO, item->communication_id,
			  "delivery recipient=%s attempt=%s outcome=%s code=%d status=%s reply=%s",
			  address, item->attempt, outcome_name(outcome), reply.code, reply.status,
			  text);
	}
}

/* Whose fault a refused sender is shows when another is taken, or none. */
static void keep_refused(struct run *run, size_t index, const struct smtp_reply *mail,
			 char *outcomes)
{
	const struct db_item *item = run->items->pdata[index];

	g_free(run->sender_fault);
	run->sender_fault = g_strdup_printf("sender %s refused: %d %s %s", item->sender, mail->code,
					    mail->status, mail->text);
	run->refused[index] = outcomes;
}

static void end_item(void *context, size_t index, const struct smtp_result *result)
{
	struct run *run = context;
	const struct db_item *item = run->items->pdata[index];

	if (run->asked == (gssize)index)
		db_content_free(hear_begin(run)); /* refused before its content was asked for */
	if (run->stages[index] != STAGE_SENT &&
	    (run->is_broken || (run->was_mail_taken && result->mail.code == CLOSING)))
		return; /* we hung up ourselves, or the server did: nobody's fault */
	char *outcomes = outcome_document(run->context->rules, run->context->server, item, result);
	if (outcome_is_sender_refused(result) && !run->was_mail_taken) {
		keep_refused(run, index, &result->mail, outcomes);
		return;
	}
	run->was_mail_taken = run->was_mail_taken || !outcome_is_sender_refused(result);
	log_outcomes(item, result);
	run->stages[index] = STAGE_ENDED;
	set_unsettled(run, item, outcomes);
	ask_begin(run, index + 1);
}

/* --- the claim -------------------------------------------------------------------------- */

static char *send_items(struct run *run)
{
	const struct smtp_handler handler = {.begin = begin_item, .end = end_item, .context = run};
	g_autofree struct smtp_transaction *list = g_new0(struct smtp_transaction, run->items->len);

	for (guint i = 0; i < run->items->len; i++) {
		const struct db_item *item = run->items->pdata[i];

		list[i] =
		    (struct smtp_transaction){.sender = item->sender,
					      .recipients = item->addresses,
					      .recipient_count = g_strv_length(item->addresses),
					      .envelope_id = item->envelope_id,
					      .size_estimate = item->bytes + SIZE_OF_HEADER};
	}
	return smtp_client_run(run->context->client, list, run->items->len, &handler);
}

/* What the connection has left open. Senders that were refused while others were taken:
 * it is theirs alone. Begun, and nothing of it went out: it is given back. */
static void settle_rest(struct run *run)
{
	db_content_free(hear_begin(run));
	for (guint i = 0; i < run->items->len; i++) {
		const struct db_item *item = run->items->pdata[i];

		if (run->refused[i] != NULL && run->was_mail_taken)
			set_unsettled(run, item, g_steal_pointer(&run->refused[i]));
		else if (run->stages[i] == STAGE_BEGUN)
			set_unsettled(run, item, outcome_released(item));
	}
	settle_now(run);
}

static void run_clear(struct run *run)
{
	for (guint i = 0; i < run->items->len; i++)
		g_free(run->refused[i]);
	g_free(run->refused);
	g_free(run->stages);
	g_free(run->sender_fault);
}

char *run_claim(const struct run_context *context, GPtrArray *items)
{
	struct run run = {.context = context,
			  .items = items,
			  .stages = g_new0(enum stage, items->len),
			  .refused = g_new0(char *, items->len),
			  .asked = -1};
	char *fault = send_items(&run);

	settle_rest(&run);
	if (fault == NULL && run.sender_fault != NULL && !run.was_mail_taken)
		fault = g_steal_pointer(&run.sender_fault);
	if (run.is_broken)
		g_clear_pointer(&fault, g_free); /* it was we who hung up */
	run_clear(&run);
	return fault;
}
