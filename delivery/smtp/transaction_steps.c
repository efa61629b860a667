/* SPDX-License-Identifier: BSD-2-Clause
 *
 * MAIL and RCPT go out together where the server offers PIPELINING (RFC 2920), at most so
 * many that their replies fit into any buffer on the way. DATA waits for them: it is said
 * only when a recipient was accepted.
 */
#include "delivery/smtp/transaction_steps.h"

#include <string.h>

#include "delivery/smtp/envelope.h"

enum {
	GROUP_MAX = 100,        /* recipients */
	BLOCK_BYTES = 64 * 1024 /* between two looks whether the server is silent */
};

enum { CLOSING = 421, GO_ON = 354 }; /* RFC 5321 section 4.2.3 */

struct state {
	struct transaction_steps *steps;
	struct envelope envelope;
	struct smtp_result result;
	bool *is_unsayable; /* by recipient */
	char *fault;        /* of this transaction, beside the dialogue's */
};

static bool read_transfer_reply(struct state *state, const char *step, unsigned seconds,
				struct smtp_reply *reply)
{
	g_free(reply->text);
	return dialogue_hear(state->steps->dialogue, step, seconds, reply);
}

/* --- the envelope ----------------------------------------------------------------- */

/* Says the recipients from one to before another, with MAIL in front where from is 0, and
 * hears the replies. */
static bool say_group(struct state *state, size_t from, size_t until, bool has_mail)
{
	const struct transaction_steps *steps = state->steps;
	unsigned wait = steps->client->envelope_wait;
	g_autoptr(GString) commands = g_string_new(NULL);

	if (has_mail)
		envelope_say_mail(&state->envelope, steps->transaction, steps->offers, commands);
	for (size_t i = from; i < until; i++)
		if (!state->is_unsayable[i])
			envelope_say_recipient(&state->envelope, i, steps->offers, commands);
	if (commands->len == 0)
		return true;
	bool is_heard =
	    dialogue_say(steps->dialogue, has_mail ? "MAIL" : "RCPT", commands, wait) &&
	    (!has_mail || read_transfer_reply(state, "MAIL", wait, &state->result.mail));
	for (size_t i = from; i < until; i++)
		is_heard = is_heard &&
			   (state->is_unsayable[i] ||
			    read_transfer_reply(state, "RCPT", wait, &state->result.recipients[i]));
	return is_heard;
}

static bool say_envelope(struct state *state)
{
	const struct transaction_steps *steps = state->steps;
	size_t count = steps->transaction->recipient_count;
	size_t step = steps->offers->has_pipelining ? GROUP_MAX : 1;
	size_t until = steps->offers->has_pipelining ? MIN(count, step) : 0;
	bool is_heard = say_group(state, 0, until, true);

	while (is_heard && until < count && smtp_reply_is_positive(&state->result.mail)) {
		size_t from = until;

		until = MIN(count, from + step);
		is_heard = say_group(state, from, until, false);
	}
	return is_heard;
}

static bool is_any_accepted(const struct state *state)
{
	bool is_any = false;

	for (size_t i = 0; i < state->steps->transaction->recipient_count; i++)
		is_any = is_any || smtp_reply_is_positive(&state->result.recipients[i]);
	return is_any && smtp_reply_is_positive(&state->result.mail);
}

/* --- the message -------------------------------------------------------------------- */

/* RFC 5321 section 4.5.2, with the end of the message. */
static GString *stuff(GBytes *content)
{
	gsize size;
	const char *line = g_bytes_get_data(content, &size);
	const char *stop = line + size;
	GString *stuffed = g_string_sized_new(size + size / 64 + 16);

	while (line < stop) {
		const char *end = memchr(line, '\n', (gsize)(stop - line));
		const char *next = end ? end + 1 : stop;

		if (*line == '.')
			g_string_append_c(stuffed, '.');
		g_string_append_len(stuffed, line, next - line);
		line = next;
	}
	/* a message may hold NUL, where a string would end */
	bool is_ended =
	    stuffed->len >= 2 && memcmp(stuffed->str + stuffed->len - 2, "\r\n", 2) == 0;
	if (size > 0 && !is_ended)
		g_string_append(stuffed, "\r\n");
	return g_string_append(stuffed, ".\r\n");
}

static bool say_message(struct state *state, GBytes *content)
{
	const struct transaction_steps *steps = state->steps;
	g_autoptr(GString) bytes = stuff(content);
	bool is_said = true;

	for (gsize at = 0; is_said && at < bytes->len; at += BLOCK_BYTES)
		is_said = dialogue_say_bytes(steps->dialogue, "the message", bytes->str + at,
					     MIN(bytes->len - at, BLOCK_BYTES),
					     steps->client->transfer_wait);
	return is_said;
}

/* False: it must not be sent. */
static bool say_data(struct state *state)
{
	const struct transaction_steps *steps = state->steps;
	struct smtp_result *result = &state->result;
	g_autoptr(GString) command = g_string_new("DATA\r\n");
	unsigned wait = steps->client->data_wait;

	if (!dialogue_say(steps->dialogue, "DATA", command, wait) ||
	    !read_transfer_reply(state, "DATA", wait, &result->data))
		return true;
	if (smtp_reply_is_positive(&result->data))
		state->fault = g_strdup_printf("the reply to DATA was %d", result->data.code);
	if (result->data.code != GO_ON)
		return true;
	result->data.code = 0;
	g_autoptr(GBytes) content = steps->handler->begin(steps->handler->context, steps->index);
	if (!content)
		return false;
	result->is_complete = say_message(state, content);
	if (result->is_complete)
		read_transfer_reply(state, "the message", steps->client->reply_wait, &result->data);
	return true;
}

/* --- the whole ------------------------------------------------------------------------ */

static void state_init(struct state *state, struct transaction_steps *steps)
{
	size_t count = steps->transaction->recipient_count;

	*state = (struct state){.steps = steps, .is_unsayable = g_new0(bool, count)};
	envelope_init(&state->envelope, steps->transaction);
	state->result = (struct smtp_result){.recipients = g_new0(struct smtp_reply, count)};
	state->result.mail.text = g_strdup("");
	state->result.data.text = g_strdup("");
	for (size_t i = 0; i < count; i++) {
		struct smtp_reply *reply = &state->result.recipients[i];

		state->is_unsayable[i] =
		    !envelope_can_say(state->envelope.recipients[i], steps->offers, reply);
		if (!reply->text)
			reply->text = g_strdup("");
	}
}

static void state_clear(struct state *state)
{
	for (size_t i = 0; i < state->steps->transaction->recipient_count; i++)
		g_free(state->result.recipients[i].text);
	g_free(state->result.recipients);
	g_free(state->result.mail.text);
	g_free(state->result.data.text);
	g_free(state->is_unsayable);
	g_free(state->fault);
	envelope_clear(&state->envelope);
}

static void end_transfer(struct state *state)
{
	struct transaction_steps *steps = state->steps;
	const char *fault = state->fault ? state->fault : steps->dialogue->fault;

	if (state->result.mail.code == 0)
		return;
	state->result.fault = fault ? fault : "";
	steps->was_ended = true;
	steps->handler->end(steps->handler->context, steps->index, &state->result);
}

static bool is_closing(const struct state *state)
{
	bool is_any = state->result.mail.code == CLOSING || state->result.data.code == CLOSING;

	for (size_t i = 0; i < state->steps->transaction->recipient_count; i++)
		is_any = is_any || state->result.recipients[i].code == CLOSING;
	return is_any || state->steps->dialogue->fault;
}

static enum transaction_steps_next run_transfer(struct state *state)
{
	struct smtp_reply refusal;

	if (!envelope_can_say(state->envelope.sender, state->steps->offers, &refusal)) {
		g_free(state->result.mail.text);
		state->result.mail = refusal;
		end_transfer(state);
		return TRANSACTION_STEPS_GOES_ON;
	}
	if (say_envelope(state) && !is_closing(state) && is_any_accepted(state) && !say_data(state))
		return TRANSACTION_STEPS_CLOSES;
	end_transfer(state);
	if (is_closing(state))
		return TRANSACTION_STEPS_CLOSES;
	/* Postfix keeps the envelope when it refuses at the end of the message */
	return state->result.is_complete && smtp_reply_is_positive(&state->result.data)
		   ? TRANSACTION_STEPS_GOES_ON
		   : TRANSACTION_STEPS_NEEDS_RESET;
}

enum transaction_steps_next transaction_steps_run(struct transaction_steps *steps)
{
	struct state state;

	state_init(&state, steps);
	enum transaction_steps_next next = run_transfer(&state);
	state_clear(&state);
	return next;
}
