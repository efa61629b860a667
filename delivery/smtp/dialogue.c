/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A reply that comes before its command is nobody's: with it, every later one would be
 * taken for the reply to the command before. So nothing may be there when a command is
 * said, and above all when TLS begins (RFC 3207 section 4.2): what came in the clear
 * would be believed as if the server that was verified had said it.
 */
#include "delivery/smtp/dialogue.h"

enum { READ_BYTES = 4096, CLOSING = 421 };

void dialogue_open(struct dialogue *dialogue, struct connection *connection)
{
	*dialogue = (struct dialogue){.connection = connection, .last_step = "connecting"};
	reply_reader_init(&dialogue->reader);
}

void dialogue_close(struct dialogue *dialogue)
{
	connection_close(dialogue->connection);
	reply_reader_clear(&dialogue->reader);
	secret_filter_free(dialogue->filter);
	g_free(dialogue->fault);
}

bool dialogue_fail(struct dialogue *dialogue, char *fault)
{
	if (dialogue->fault)
		g_free(fault);
	else
		dialogue->fault = fault;
	return false;
}

char *dialogue_quote(const struct smtp_reply *reply)
{
	return g_strdup_printf("%d%s%s %s", reply->code, *reply->status == '\0' ? "" : " ",
			       reply->status, reply->text);
}

/* --- what the server says ---------------------------------------------------------- */

static enum reply_progress next_reply(struct dialogue *dialogue, struct smtp_reply *reply_out)
{
	enum reply_progress progress = reply_reader_next(&dialogue->reader, reply_out);

	if (progress == REPLY_COMPLETE) {
		g_autofree char *text = reply_out->text;

		reply_out->text = secret_filter_show(dialogue->filter, text);
	}
	return progress;
}

/* --- what was not asked for --------------------------------------------------------- */

static bool fail_out_of_turn(struct dialogue *dialogue)
{
	struct smtp_reply reply = {0};
	bool is_closing = next_reply(dialogue, &reply) == REPLY_COMPLETE && reply.code == CLOSING;
	g_autofree char *text = reply.text;
	g_autofree char *quote = is_closing ? dialogue_quote(&reply) : NULL;

	return dialogue_fail(
	    dialogue,
	    quote ? g_strdup_printf("the server says: %s", quote)
		  : g_strdup_printf("the server spoke out of turn after %s", dialogue->last_step));
}

static bool is_silent(struct dialogue *dialogue)
{
	char bytes[READ_BYTES];

	if (dialogue->fault)
		return false;
	if (reply_reader_is_empty(&dialogue->reader)) {
		gssize count = connection_read(dialogue->connection, bytes, sizeof bytes, 0);

		if (count == CONNECTION_NOTHING)
			return true;
		if (count == CONNECTION_BROKEN)
			return dialogue_fail(dialogue,
					     g_strdup_printf("the connection was closed after %s",
							     dialogue->last_step));
		reply_reader_add(&dialogue->reader, bytes, (gsize)count);
	}
	return fail_out_of_turn(dialogue);
}

/* --- said and heard ------------------------------------------------------------------ */

bool dialogue_say_bytes(struct dialogue *dialogue, const char *step, const char *bytes, gsize len,
			unsigned seconds)
{
	if (!is_silent(dialogue))
		return false;
	dialogue->last_step = step;
	return connection_write(dialogue->connection, bytes, len, connection_deadline(seconds)) ||
	       dialogue_fail(dialogue, g_strdup_printf("%s could not be sent", step));
}

bool dialogue_say(struct dialogue *dialogue, const char *step, GString *bytes, unsigned seconds)
{
	return dialogue_say_bytes(dialogue, step, bytes->str, bytes->len, seconds);
}

static bool fail_unheard(struct dialogue *dialogue, const char *step, gssize count,
			 unsigned seconds)
{
	if (count == CONNECTION_BROKEN)
		return dialogue_fail(
		    dialogue,
		    g_strdup_printf("the connection was closed before the reply to %s", step));
	return dialogue_fail(
	    dialogue, connection_is_stopping(dialogue->connection)
			  ? g_strdup_printf("no reply to %s until we had to stop", step)
			  : g_strdup_printf("no reply to %s within %u seconds", step, seconds));
}

bool dialogue_hear(struct dialogue *dialogue, const char *step, unsigned seconds,
		   struct smtp_reply *reply_out)
{
	gint64 deadline = connection_deadline(seconds);
	enum reply_progress progress = REPLY_INCOMPLETE;

	*reply_out = (struct smtp_reply){0};
	while (!dialogue->fault) {
		char bytes[READ_BYTES];

		progress = next_reply(dialogue, reply_out);
		if (progress == REPLY_COMPLETE)
			break;
		if (progress == REPLY_UNREADABLE) {
			dialogue_fail(dialogue,
				      g_strdup_printf("the reply to %s cannot be read", step));
			break;
		}
		gssize count = connection_read(dialogue->connection, bytes, sizeof bytes, deadline);
		if (count > 0)
			reply_reader_add(&dialogue->reader, bytes, (gsize)count);
		if (count <= 0 || connection_is_late(dialogue->connection, deadline))
			fail_unheard(dialogue, step, count, seconds);
	}
	if (progress == REPLY_COMPLETE)
		dialogue->was_anything_heard = true;
	else
		reply_out->text = g_strdup("");
	return progress == REPLY_COMPLETE;
}

bool dialogue_start_tls(struct dialogue *dialogue, SSL_CTX *context, unsigned seconds)
{
	g_autofree char *fault = NULL;

	if (!is_silent(dialogue))
		return false;
	return connection_start_tls(dialogue->connection, context, connection_deadline(seconds),
				    &fault) ||
	       dialogue_fail(dialogue, g_strdup_printf("TLS: %s", fault));
}
