/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Nothing that comes from an application's column may become a line of its own: an address
 * with a control character or an angle bracket is not said, whatever the database allows.
 */
#include "delivery/smtp/envelope.h"

#include <string.h>

#include "classifier/text/address_spelling.h"

void envelope_init(struct envelope *envelope, const struct smtp_transaction *transaction)
{
	*envelope =
	    (struct envelope){.sender = address_spelling_for_wire(transaction->sender),
			      .recipients = g_new0(char *, transaction->recipient_count + 1)};
	envelope->asks_success = transaction->asks_success;
	envelope->needs_utf8 = !g_str_is_ascii(envelope->sender);
	for (size_t i = 0; i < transaction->recipient_count; i++) {
		envelope->recipients[i] = address_spelling_for_wire(transaction->recipients[i]);
		envelope->needs_utf8 =
		    envelope->needs_utf8 || !g_str_is_ascii(envelope->recipients[i]);
	}
}

void envelope_clear(struct envelope *envelope)
{
	g_free(envelope->sender);
	g_strfreev(envelope->recipients);
}

bool envelope_can_say(const char *address, const struct ehlo_extensions *offers,
		      struct smtp_reply *reply_out)
{
	bool is_safe = g_utf8_validate(address, -1, NULL);

	for (const char *p = address; *p != '\0'; p++)
		is_safe = is_safe && (guchar)*p >= ' ' && *p != 0x7f && *p != '<' && *p != '>';
	if (is_safe && (offers->has_smtputf8 || g_str_is_ascii(address)))
		return true;
	/* RFC 3463 X.1.3, RFC 6531 section 3.5 */
	*reply_out =
	    (struct smtp_reply){.code = is_safe ? 550 : 501,
				.status = "5.1.3",
				.text = g_strdup("not sent, no address can have these characters")};
	if (is_safe) {
		g_strlcpy(reply_out->status, "5.6.7", sizeof reply_out->status);
		g_free(reply_out->text);
		reply_out->text = g_strdup(
		    "not sent, the address needs SMTPUTF8, which the server does not offer");
	}
	return false;
}

/* RFC 3461 section 4: xtext */
static void append_xtext(GString *commands, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text > ' ' && *text < 0x7f && *text != '+' && *text != '=')
			g_string_append_c(commands, *text);
		else
			g_string_append_printf(commands, "+%02X", (guchar)*text);
}

/* RFC 6533 section 3: utf-8-addr-unitext */
static void append_unitext(GString *commands, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text > ' ' && *text < 0x7f && strchr("+=\\", *text))
			g_string_append_printf(commands, "\\x{%02X}", (guchar)*text);
		else
			g_string_append_c(commands, *text);
}

void envelope_say_mail(const struct envelope *envelope, const struct smtp_transaction *transaction,
		       const struct ehlo_extensions *offers, GString *commands)
{
	g_string_append_printf(commands, "MAIL FROM:<%s>", envelope->sender);
	if (offers->has_size)
		g_string_append_printf(commands, " SIZE=%zu", transaction->size_estimate);
	if (offers->has_dsn) {
		g_string_append(commands, " RET=HDRS ENVID=");
		append_xtext(commands, transaction->envelope_id);
	}
	if (offers->has_8bitmime)
		g_string_append(commands, " BODY=8BITMIME");
	if (envelope->needs_utf8 && offers->has_smtputf8)
		g_string_append(commands, " SMTPUTF8");
	g_string_append(commands, "\r\n");
}

void envelope_say_recipient(const struct envelope *envelope, size_t i,
			    const struct ehlo_extensions *offers, GString *commands)
{
	const char *address = envelope->recipients[i];
	/* a notice with the null sender must not be answered by another */
	const char *notify = *envelope->sender == '\0' ? "NEVER"
			     : envelope->asks_success  ? "SUCCESS,FAILURE,DELAY"
						       : "FAILURE,DELAY";

	g_string_append_printf(commands, "RCPT TO:<%s>", address);
	if (offers->has_dsn) {
		bool is_ascii = g_str_is_ascii(address);

		g_string_append_printf(commands, " NOTIFY=%s ORCPT=%s;", notify,
				       is_ascii ? "rfc822" : "utf-8");
		if (is_ascii)
			append_xtext(commands, address);
		else
			append_unitext(commands, address);
	}
	g_string_append(commands, "\r\n");
}
