/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One transaction, from libESMTP's message to the result.
 */
#include "delivery/smtp/transfer.h"

#include <errno.h>
#include <string.h>

#include "classifier/text/address_spelling.h"
#include "delivery/smtp/replies.h"

enum { WRITE_BYTES = 1 << 20 };

/* --- adding --------------------------------------------------------------------- */

static const char *content_callback(void **context, int *len, void *data)
{
	struct transfer *transfer = data;

	(void)context;
	if (len)
		return transfer_next(transfer, len);
	transfer_rewind(transfer); /* asked for no bytes: from the beginning */
	return NULL;
}

/* libESMTP 1.1.0 writes xtext (RFC 3461 section 4) into 256 bytes and looks at the
 * bound before it writes three of them. */
static bool fits_xtext(const char *text)
{
	size_t len = 0;

	for (; *text != '\0'; text++)
		len += *text > ' ' && *text < 0x7f && *text != '+' && *text != '=' ? 1 : 3;
	return len < 250;
}

static smtp_recipient_t add_recipient(smtp_message_t message, const char *address,
				      enum notify_flags notify)
{
	g_autofree char *mailbox = address_spelling_for_wire(address);
	smtp_recipient_t recipient = smtp_add_recipient(message, mailbox);

	smtp_dsn_set_notify(recipient, notify);
	if (fits_xtext(mailbox))
		smtp_dsn_set_orcpt(recipient, "rfc822", mailbox);
	return recipient;
}

void transfer_add(struct transfer *transfer, smtp_session_t esmtp,
		  const struct smtp_transaction *transaction)
{
	g_autofree char *sender = address_spelling_for_wire(transaction->sender);
	/* a notice with the null sender must not be answered by another */
	enum notify_flags notify =
	    *transaction->sender == '\0' ? Notify_NEVER : Notify_FAILURE | Notify_DELAY;

	transfer->message = smtp_add_message(esmtp);
	transfer->recipient_count = transaction->recipient_count;
	transfer->recipients = g_new0(smtp_recipient_t, transaction->recipient_count);
	smtp_message_set_application_data_release(transfer->message, transfer, NULL);
	smtp_set_reverse_path(transfer->message, sender);
	smtp_set_messagecb(transfer->message, content_callback, transfer);
	smtp_dsn_set_ret(transfer->message, Ret_HDRS);
	smtp_dsn_set_envid(transfer->message, transaction->envelope_id);
	smtp_size_set_estimate(transfer->message, transaction->size_estimate);
	for (size_t i = 0; i < transaction->recipient_count; i++)
		transfer->recipients[i] =
		    add_recipient(transfer->message, transaction->recipients[i], notify);
}

void transfer_clear(struct transfer *transfer)
{
	g_clear_pointer(&transfer->recipients, g_free);
	g_clear_pointer(&transfer->content, g_bytes_unref);
}

/* --- content -------------------------------------------------------------------- */

void transfer_rewind(struct transfer *transfer)
{
	const struct smtp_handler *handler = transfer->session->handler;

	transfer->offset = 0;
	if (transfer->is_begun || session_lacks_login(transfer->session))
		return;
	transfer->content = handler->begin(handler->context, transfer->index);
	transfer->is_begun = transfer->content;
}

const char *transfer_next(struct transfer *transfer, int *len_out)
{
	gsize size;

	*len_out = 0;
	if (!transfer->content) {
		errno = ECANCELED; /* drop the connection */
		return NULL;
	}
	const char *bytes = g_bytes_get_data(transfer->content, &size);
	gsize part = MIN(size - transfer->offset, WRITE_BYTES);
	const char *start = bytes + transfer->offset;

	errno = 0;
	transfer->offset += part;
	transfer->is_complete = part == 0;
	*len_out = (int)part;
	return part == 0 ? NULL : start;
}

/* --- replies -------------------------------------------------------------------- */

enum missing_text { MISSING_TEXT_SEARCH, MISSING_TEXT_NONE };

/* One line of valid UTF-8 without control characters. Takes the text. */
static char *clean_text(char *text)
{
	char *valid = g_utf8_make_valid(text, -1);

	g_free(text);
	for (char *p = valid; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return g_strstrip(valid);
}

/* missing: whether a text that libESMTP has lost may be that of the last refusal. */
static struct smtp_reply read_reply(const struct session *session, const smtp_status_t *status,
				    enum missing_text missing)
{
	struct smtp_reply reply = {.code = status ? status->code : 0};
	char *text = NULL;

	if (reply.code == 0) {
		reply.text = g_strdup("");
		return reply;
	}
	if (status->text)
		text = g_strdup(status->text);
	else if (missing == MISSING_TEXT_SEARCH)
		text = replies_last_refusal(session->received->str, reply.code);
	else
		text = g_strdup("");
	if (status->enh_class > 0)
		g_snprintf(reply.status, sizeof reply.status, "%d.%d.%d", status->enh_class % 10,
			   status->enh_subject % 1000, status->enh_detail % 1000);
	reply.text = clean_text(text);
	return reply;
}

static bool is_last_answered(const struct transfer *transfer, size_t i)
{
	return i + 1 == transfer->recipient_count ||
	       smtp_recipient_status(transfer->recipients[i + 1])->code == 0;
}

bool transfer_is_touched(const struct transfer *transfer)
{
	return transfer->is_begun || smtp_reverse_path_status(transfer->message)->code != 0;
}

void transfer_end(struct transfer *transfer)
{
	struct session *session = transfer->session;
	g_autofree struct smtp_reply *recipients =
	    g_new0(struct smtp_reply, transfer->recipient_count);
	struct smtp_result result = {
	    .mail = read_reply(session, smtp_reverse_path_status(transfer->message),
			       MISSING_TEXT_SEARCH),
	    .data = read_reply(session, smtp_message_transfer_status(transfer->message),
			       MISSING_TEXT_SEARCH),
	    .recipients = recipients,
	    .is_begun = transfer->is_begun,
	    .is_complete = transfer->is_complete};

	for (size_t i = 0; i < transfer->recipient_count; i++)
		recipients[i] = read_reply(session, smtp_recipient_status(transfer->recipients[i]),
					   is_last_answered(transfer, i) ? MISSING_TEXT_SEARCH
									 : MISSING_TEXT_NONE);
	transfer->is_ended = true;
	session->was_any_ended = true;
	session->handler->end(session->handler->context, transfer->index, &result);
	for (size_t i = 0; i < transfer->recipient_count; i++)
		g_free(recipients[i].text);
	g_free(result.mail.text);
	g_free(result.data.text);
	g_string_truncate(session->received, 0); /* one transaction's replies are not the next's */
}
