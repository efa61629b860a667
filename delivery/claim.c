/* SPDX-License-Identifier: BSD-2-Clause
 *
 * While the server works on a message's envelope, the database settles the message before
 * it, or notes that it was accepted, and begins this one; only the content waits for that commit.
 */
#include "delivery/claim.h"

#include "base/error.h"
#include "base/log.h"
#include "delivery/message/compose.h"
#include "delivery/message/simulator.h"
#include "delivery/outcome/outcome.h"

enum {
	SETTLE_DELAY_MAX = 15, /* seconds between two tries to reach the database */
	STOP_WAIT = 30,        /* seconds in which an outcome is settled at stop */
	SIZE_OF_HEADER = 2048, /* added to the size of the content for SIZE (RFC 1870) */
	CLOSING = 421, /* RFC 5321 section 3.8: the server ends the connection, whatever was said */
};

enum stage {
	STAGE_CLAIMED,
	STAGE_BEGUN, /* may be begun in the database; nothing of it was sent */
	STAGE_SENT,  /* its content was handed over */
	STAGE_ENDED, /* its outcome is known */
};

struct claim {
	const struct claim_context *context;
	GPtrArray *items;   /* struct db_item */
	enum stage *stages; /* by item */
	char **refused;     /* by item: outcomes where it is to blame if nobody else is; or NULL */
	char **deferred;    /* by item: outcomes where it may be to blame, or we; or NULL */
	char *unsettled;    /* outcomes of the item before, not settled yet */
	const char *unsettled_claim;
	gssize beginning;  /* the item whose begin the database has not answered yet; -1: none */
	bool is_broken;    /* nothing more is begun */
	bool was_judged;   /* a mail was taken, or refused for what it or its recipients are */
	bool was_accepted; /* a recipient was */
	char *our_problem; /* what the server has against us */
};

static bool is_stopping(const struct claim *claim)
{
	return g_atomic_int_get(claim->context->is_stopping) != 0;
}

static void log_failure(const struct claim *claim, const GError *error)
{
	log_event(LOG_LEVEL_ERROR, claim->unsettled_claim ? claim->unsettled_claim : "",
		  "settle: %s", error->message);
}

/* --- the database ------------------------------------------------------------------ */

/* Whether it is time to give up: STOP_WAIT after the first call that finds us stopping. */
static bool is_stop_over(const struct claim *claim, gint64 *until)
{
	gint64 now = g_get_monotonic_time();

	if (!is_stopping(claim))
		return false;
	if (*until == 0)
		*until = now + (gint64)STOP_WAIT * G_USEC_PER_SEC;
	return now > *until;
}

/* Settles what is unsettled, trying as often as it takes: an outcome that is thrown away is a
 * mail that may be sent twice. False: the database will never take it, or we have to stop. */
static bool settle_claim(struct claim *claim)
{
	gint64 until = 0;

	for (unsigned delay = 1;; delay = MIN(delay * 2, SETTLE_DELAY_MAX)) {
		const struct db_settlement done = {.claim_id = claim->unsettled_claim,
						   .outcomes = claim->unsettled};
		g_autoptr(GError) error = NULL;

		if (db_queue_step(claim->context->queue, &done, NULL, NULL, &error))
			return true;
		log_failure(claim, error);
		if (error->code == BM_ERROR_INPUT || is_stop_over(claim, &until))
			return false;
		g_usleep((gulong)delay * G_USEC_PER_SEC);
	}
}

static void settle_now(struct claim *claim)
{
	if (claim->unsettled && !settle_claim(claim))
		log_event(LOG_LEVEL_ERROR, claim->unsettled_claim,
			  "outcome could not be recorded and will be unknown: %s",
			  claim->unsettled);
	g_clear_pointer(&claim->unsettled, g_free);
}

/* Takes outcomes. */
static void set_unsettled(struct claim *claim, const struct db_item *item, char *outcomes)
{
	settle_now(claim); /* usually done by the begin of this item */
	claim->unsettled = outcomes;
	claim->unsettled_claim = item->claim_id;
}

/* Sends the database what is unsettled and, unless index is past the last item, the begin
 * of that item; does not wait. */
static void send_begin(struct claim *claim, size_t index)
{
	const struct db_settlement done = {.claim_id = claim->unsettled_claim,
					   .outcomes = claim->unsettled};
	const struct db_item *next = index < claim->items->len ? claim->items->pdata[index] : NULL;
	g_autoptr(GError) error = NULL;

	claim->is_broken = claim->is_broken || (next && is_stopping(claim));
	if (claim->is_broken)
		return;
	if (next)
		claim->stages[index] = STAGE_BEGUN;
	if (db_queue_step_ask(claim->context->queue, claim->unsettled ? &done : NULL, next,
			      &error)) {
		claim->beginning = (gssize)index;
		return;
	}
	log_failure(claim, error);
	claim->is_broken = true;
}

/* Receives the content to send, or NULL: then nothing more is begun. Waits for one answer
 * only, because the connection to the server is open. */
static struct db_content *receive_begin(struct claim *claim)
{
	struct db_content *content = NULL;
	g_autoptr(GError) error = NULL;

	if (claim->beginning < 0)
		return NULL;
	claim->beginning = -1;
	if (db_queue_step_hear(claim->context->queue, &content, &error))
		g_clear_pointer(&claim->unsettled, g_free);
	else
		log_failure(claim, error);
	claim->is_broken = claim->is_broken || !content;
	return content;
}

/* --- while the connection to the server is open --------------------------------------- */

/* What cannot be composed now never can: its outcomes, as if the server had refused it. */
static char *uncomposable_outcomes(const struct claim *claim, const struct db_item *item,
				   const GError *error)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): compose_message says why it fails */
	const char *why = error->message;
	g_autofree char *text = g_strconcat("not sent, it cannot be composed: ", why, NULL);
	g_autofree struct smtp_reply *none =
	    g_new0(struct smtp_reply, g_strv_length(item->addresses));
	const struct smtp_result result = {.mail = {.code = 554, .status = "5.6.0", .text = text},
					   .recipients = none,
					   .fault = ""};

	log_event(LOG_LEVEL_ERROR, item->communication_id, "%s", text);
	return outcome_document(claim->context->rules, claim->context->server, item, &result);
}

static bool is_simulated(const struct db_item *item)
{
	return *item->simulates != '\0';
}

/* What is sent for an item: its message, or what comes back from a test address. */
static GBytes *message_of(const struct db_item *item, const struct db_content *content,
			  GError **error)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();

	return is_simulated(item) ? simulator_report(item, content, now)
				  : compose_message(content, now, error);
}

static GBytes *begin_item(void *context, size_t index)
{
	struct claim *claim = context;
	const struct db_item *item = claim->items->pdata[index];
	g_autoptr(GError) error = NULL;

	if (claim->beginning < 0)
		send_begin(claim, index);
	g_autoptr(db_content_t) content = receive_begin(claim);
	if (!content)
		return NULL;
	GBytes *bytes = message_of(item, content, &error);
	if (bytes) {
		claim->stages[index] = STAGE_SENT;
		return bytes;
	}
	claim->refused[index] = uncomposable_outcomes(claim, item, error);
	claim->is_broken = true; /* the server waits for it: only hanging up ends a message */
	return NULL;
}

static void log_outcomes(const struct db_item *item, const struct smtp_result *result)
{
	for (size_t i = 0; item->addresses[i]; i++) {
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

/* Whether this is what the server said of it before. */
static bool is_said_again(const struct db_item *item, const struct smtp_reply *reply)
{
	g_autofree char *line = outcome_line(reply);
	g_autofree char *now = refusals_words(line, item->addresses[0]);
	g_autofree char *before = refusals_words(item->response, item->addresses[0]);

	return strcmp(now, before) == 0;
}

/* Who else has heard what its recipients were told. */
static struct refusals_answer hear_refusals(const struct claim *claim, const struct db_item *item,
					    const struct smtp_result *result)
{
	bool is_of_content = result->is_complete && result->data.code != 0;
	struct refusals_answer all = {.is_its_own = true};

	for (size_t i = 0; item->addresses[i]; i++) {
		struct smtp_reply reply = {.text = ""};

		outcome_of(result, i, &reply);
		if (reply.code == 0 ||
		    outcome_speaks_of_one(claim->context->rules, claim->context->server, item,
					  result, i))
			continue;
		g_autofree char *line = outcome_line(&reply);
		struct refusals_answer answer =
		    refusals_hear(claim->context->refusals, item, i, line, is_of_content);
		all.is_alike = all.is_alike || answer.is_alike;
		all.is_its_own = all.is_its_own && answer.is_its_own;
	}
	return all;
}

static char *delivery_problem(const struct db_item *item, const struct smtp_result *result,
			      const struct smtp_reply *reply)
{
	g_autofree char *line = outcome_line(reply);

	return smtp_reply_is_positive(&result->mail)
		   ? g_strconcat("mail is refused: ", line, NULL)
		   : g_strdup_printf("sender %s refused: %s", item->sender, line);
}

/* Whether the mail or we are to blame shows when another one is accepted, or is refused in the
 * same words. The mail is if it hears them again, and others were accepted meanwhile. */
static void keep_refused(struct claim *claim, size_t index, const struct smtp_result *result,
			 enum outcome_blame blame, const struct smtp_reply *reply)
{
	const struct db_item *item = claim->items->pdata[index];
	const struct claim_context *context = claim->context;
	struct refusals_answer answer = hear_refusals(claim, item, result);
	bool is_again = is_said_again(item, reply);
	bool is_its_own = is_again && answer.is_its_own;

	if (blame == BLAME_IF_ALIKE)
		claim->refused[index] =
		    outcome_document(context->rules, context->server, item, result);
	if (blame == BLAME_US || !is_its_own)
		claim->deferred[index] =
		    outcome_deferred(context->rules, context->server, item, result);
	if (is_its_own || (blame == BLAME_IF_ALIKE ? !answer.is_alike : is_again))
		return;
	g_free(claim->our_problem);
	claim->our_problem = delivery_problem(item, result, reply);
	refusals_accuse(context->refusals);
}

/* A dead address is known to be one also where everybody else is refused for our fault. */
static char *outcomes_of(struct claim *claim, const struct db_item *item,
			 const struct smtp_result *result)
{
	const struct claim_context *context = claim->context;

	if (refusals_is_accused(context->refusals) && !outcome_is_any_accepted(item, result))
		return outcome_doubtful(context->rules, context->server, item, result);
	return outcome_document(context->rules, context->server, item, result);
}

static void end_item(void *context, size_t index, const struct smtp_result *result)
{
	struct claim *claim = context;
	const struct db_item *item = claim->items->pdata[index];

	if (claim->beginning == (gssize)index)
		db_content_free(
		    receive_begin(claim)); /* refused before its content was asked for */
	if (claim->stages[index] != STAGE_SENT &&
	    (claim->is_broken || (claim->was_judged && result->mail.code == CLOSING)))
		return; /* we hung up, or the server did: no fault of this mail */
	struct smtp_reply reply = {0};
	enum outcome_blame blame =
	    outcome_blame(claim->context->rules, claim->context->server, item, result, &reply);
	if (blame != BLAME_MAIL && !claim->was_accepted && !is_simulated(item)) {
		if (claim->stages[index] == STAGE_SENT)
			claim->stages[index] = STAGE_BEGUN; /* the server has not kept it */
		keep_refused(claim, index, result, blame, &reply);
		return;
	}
	char *outcomes = outcomes_of(claim, item, result);
	claim->was_judged = claim->was_judged || !is_simulated(item);
	if (blame == BLAME_MAIL && !is_simulated(item) && outcome_is_any_accepted(item, result)) {
		claim->was_accepted = true;
		/* before anybody can see that it was: the server may take its time over QUIT */
		refusals_forget(claim->context->refusals);
	}
	log_outcomes(item, result);
	claim->stages[index] = STAGE_ENDED;
	set_unsettled(claim, item, outcomes);
	send_begin(claim, index + 1);
}

/* --- the claim -------------------------------------------------------------------------- */

/* The report of a test address goes to the return path, with the null sender (RFC 3461). */
static struct smtp_transaction transaction_of(struct db_item *item, bool is_report)
{
	return (struct smtp_transaction){.sender = is_report ? "" : item->sender,
					 .recipients = is_report ? &item->sender : item->addresses,
					 .recipient_count =
					     is_report ? 1 : g_strv_length(item->addresses),
					 .envelope_id = item->envelope_id,
					 .asks_success = item->asks_success,
					 .size_estimate = item->bytes + SIZE_OF_HEADER};
}

static char *send_items(struct claim *claim)
{
	const struct smtp_handler handler = {
	    .begin = begin_item, .end = end_item, .context = claim};
	g_autofree struct smtp_transaction *list =
	    g_new0(struct smtp_transaction, claim->items->len);

	for (guint i = 0; i < claim->items->len; i++)
		list[i] =
		    transaction_of(claim->items->pdata[i], is_simulated(claim->items->pdata[i]));
	return smtp_session_run(claim->context->client, list, claim->items->len, &handler);
}

/* The outcomes of an item that was refused, if it is not our fault. What was refused before
 * another one was accepted may be what has been mended meanwhile, or its own: it is tried again,
 * and the try counts, so that it ends. Heap, or NULL. */
static char *take_refused(struct claim *claim, guint index)
{
	if (claim->our_problem && !claim->was_accepted)
		return NULL;
	bool is_its_own = claim->refused[index] &&
			  (!claim->deferred[index] || (claim->was_accepted && !claim->our_problem));
	char **outcomes = is_its_own ? &claim->refused[index] : &claim->deferred[index];
	return g_steal_pointer(outcomes);
}

/* Settles what the connection has left open; what was begun and not sent is released. */
static void settle_rest(struct claim *claim)
{
	db_content_free(receive_begin(claim));
	for (guint i = 0; i < claim->items->len; i++) {
		const struct db_item *item = claim->items->pdata[i];
		char *outcomes = take_refused(claim, i);

		if (outcomes)
			set_unsettled(claim, item, outcomes);
		else if (claim->stages[i] == STAGE_BEGUN)
			set_unsettled(claim, item, outcome_released(item));
	}
	settle_now(claim);
}

static void claim_clear(struct claim *claim)
{
	for (guint i = 0; i < claim->items->len; i++) {
		g_free(claim->refused[i]);
		g_free(claim->deferred[i]);
	}
	g_free(claim->refused);
	g_free(claim->deferred);
	g_free(claim->stages);
	g_free(claim->our_problem);
}

char *claim_deliver(const struct claim_context *context, GPtrArray *items)
{
	struct claim claim = {.context = context,
			      .items = items,
			      .stages = g_new0(enum stage, items->len),
			      .refused = g_new0(char *, items->len),
			      .deferred = g_new0(char *, items->len),
			      .beginning = -1};
	char *problem = send_items(&claim);

	settle_rest(&claim);
	if (!problem && claim.our_problem && !claim.was_accepted)
		problem = g_steal_pointer(&claim.our_problem);
	if (claim.is_broken)
		g_clear_pointer(&problem, g_free); /* we hung up: the server has no problem */
	claim_clear(&claim);
	return problem;
}
