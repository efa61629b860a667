/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Line by line, then one transaction.
 */
#include "fetch/operator_copy.h"

#include <string.h>

#include "base/error.h"
#include "classifier/text/text.h"
#include "delivery/smtp/session.h"

enum { LINE_BYTES_MAX = 998 }; /* RFC 5322 section 2.1.1 */

/* --- the bytes ---------------------------------------------------------------------------- */

static void append_copy_line(GString *out, const char *line, size_t len)
{
	for (; len > LINE_BYTES_MAX; len -= LINE_BYTES_MAX - 1) {
		g_string_append_len(out, line, LINE_BYTES_MAX - 1);
		g_string_append(out, "\r\n ");
		line += LINE_BYTES_MAX - 1;
	}
	g_string_append_len(out, line, (gssize)len);
	g_string_append(out, "\r\n");
}

GBytes *operator_copy_compose(const struct operator_copy *copy)
{
	GString *out = g_string_sized_new(copy->len + copy->len / 32 + 512);
	struct slice rest = {copy->bytes, copy->len}, line;
	struct x_bounce_filter filter = {0};
	bool is_header = true;

	x_bounce_fields_append(out, &copy->fields, "\r\n");
	/* a bare CR sent as it is would end a line for who reads it so, behind our back */
	while (text_next_line(&rest, &line)) {
		enum x_bounce_line kind = is_header
					      ? x_bounce_filter_line(&filter, line.data, line.len)
					      : X_BOUNCE_LINE_KEPT;

		is_header =
		    is_header && (kind == X_BOUNCE_LINE_KEPT || kind == X_BOUNCE_LINE_DROPPED);
		if (kind == X_BOUNCE_LINE_NO_FIELD)
			g_string_append(out, "\r\n");
		if (kind != X_BOUNCE_LINE_DROPPED)
			append_copy_line(out, line.data, line.len);
	}
	return g_string_free_to_bytes(out);
}

/* --- the transaction ------------------------------------------------------------------------ */

struct sending {
	const struct operator_copy *copy;
	bool is_taken;
	bool is_refused; /* for good */
	char *reply;     /* what the server said instead; NULL: nothing */
};

static GBytes *begin_copy(void *context, size_t index)
{
	const struct sending *sending = context;

	(void)index;
	return operator_copy_compose(sending->copy);
}

static void end_copy(void *context, size_t index, const struct smtp_result *result)
{
	const struct smtp_reply *replies[] = {&result->mail, &result->recipients[0], &result->data};
	struct sending *sending = context;

	(void)index;
	sending->is_taken = true;
	for (size_t i = 0; i < G_N_ELEMENTS(replies) && sending->is_taken; i++) {
		if (smtp_reply_is_positive(replies[i]))
			continue;
		sending->is_taken = false;
		sending->is_refused = replies[i]->code >= 500 && replies[i]->code <= 599;
		if (replies[i]->code != 0)
			sending->reply =
			    g_strdup_printf("%d %s", replies[i]->code, replies[i]->text);
	}
	if (!sending->is_taken && !sending->reply)
		sending->reply = g_strdup(result->fault);
}

bool operator_copy_send(const struct operator_copy *copy, const struct smtp_client *client,
			GError **error)
{
	char *recipients[] = {g_strdup(copy->to)};
	struct sending sending = {.copy = copy};
	const struct smtp_transaction transaction = {.sender = copy->sender,
						     .recipients = recipients,
						     .recipient_count = 1,
						     .envelope_id = copy->fields.bounce_id,
						     .size_estimate = copy->len};
	const struct smtp_handler handler = {
	    .begin = begin_copy, .end = end_copy, .context = &sending};
	g_autofree char *problem = smtp_session_run(client, &transaction, 1, &handler);
	g_autofree char *reply = sending.reply;

	g_free(recipients[0]);
	if (sending.is_taken)
		return true;
	g_set_error(error, BM_ERROR, sending.is_refused ? BM_ERROR_INPUT : BM_ERROR_RETRY,
		    "the copy for %s was not taken: %s", copy->to,
		    problem ? problem
		    : reply ? reply
			    : "no reply");
	return false;
}
