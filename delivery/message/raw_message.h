/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A message as an application wrote it, made fit for the wire: our identity put
 * in, what must not leave taken out, lines as RFC 5321 wants them. It knows fields
 * and lines, and nothing of MIME: what is inside a part is not touched.
 */
#ifndef DELIVERY_MESSAGE_RAW_MESSAGE_H
#define DELIVERY_MESSAGE_RAW_MESSAGE_H

#include <glib.h>

/* Fields of ours, without their names. */
struct raw_message_fields {
	const char *message_id; /* with angle brackets */
	const char *communication_id;
	const char *date; /* only where there is none */
	const char *from; /* only where there is none */
};

/* With Message-ID and X-Communication-ID of ours; without Bcc, Resent-Bcc, Return-Path
 * and an mbox line. CRLF ends every line, a bare CR or LF becomes one, and a line beyond
 * 998 bytes is broken with CRLF and a blank, not within a character of UTF-8. What is no
 * field ends the header. */
GBytes *raw_message_rewrite(const char *raw, gsize len, const struct raw_message_fields *fields);

/* The whole of it as such lines, nothing put in or taken out, but for NULs, which become blanks.
 * Heap. */
char *raw_message_as_lines(const char *raw, gsize len);

#endif
